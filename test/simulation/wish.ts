/** What people want, before it becomes files: small enough for the model to understand without the product's rules. */
import { nodeIdentities } from './keys.ts';

export type AssociationWish = {
  readonly document: string;
  readonly text: string;
  readonly schedule: string | null;
  /** ApplyOnlyAtCronInterval. */
  readonly flag: boolean;
  /** Null: every node. */
  readonly role: string | null;
  readonly maxConcurrency: string;
  readonly maxErrors: string;
  /** Names of older associations. */
  readonly dependsOn: readonly string[];
  /** Null: not suspended. */
  readonly suspendedUntilMs: number | null;
  /** Runs only while the calendar of `freezes` is open. */
  readonly calendar: boolean;
  /** Role `web` first, which soaks and tolerates so many failures; then the rest. Null: no rings. */
  readonly ring: { readonly maxErrors: 0 | 1 } | null;
};

export const SOAK_MS = 10 * 60_000;
const HOUR_MS = 60 * 60_000;
/** A story begins at 11:50 or at night before a clock changes: in both, some of these lie ahead. */
export const freezes: readonly { readonly fromMs: number; readonly toMs: number }[] = [
  '2026-03-01T12:20:00Z',
  '2026-03-01T14:30:00Z',
  '2026-03-01T18:00:00Z',
].map((text) => ({ fromMs: Date.parse(text), toMs: Date.parse(text) + HOUR_MS / 2 }));

export const isFrozen = (atMs: number): boolean =>
  freezes.some(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs);

export type DocumentWish = {
  readonly version: number;
  readonly steps: number;
  readonly timeoutSeconds: number;
};

export type Wish = {
  readonly associations: ReadonlyMap<string, AssociationWish>;
  readonly documents: ReadonlyMap<string, DocumentWish>;
  /** Number of the node → its role. */
  readonly nodes: ReadonlyMap<number, string>;
  /** Paths whose text nobody can read. */
  readonly broken: ReadonlySet<string>;
};

export const pathOf = {
  association: (name: string): string => `associations/${name}.json`,
  document: (name: string): string => `documents/${name}.json`,
  node: (number: number): string => `nodes/node-${number}.json`,
};

export function filesOf(wish: Wish): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  const put = (path: string, content: unknown): void => {
    files.set(
      path,
      wish.broken.has(path) ? '{ "AssociationName": ' : `${JSON.stringify(content)}\n`,
    );
  };
  for (const [name, each] of wish.associations) {
    put(pathOf.association(name), associationFile(name, each));
  }
  files.set('calendars/freeze.ics', calendarText());
  for (const [name, each] of wish.documents) put(pathOf.document(name), documentFile(name, each));
  for (const [number, role] of wish.nodes) {
    const PublicKey = nodeIdentities[number]?.publicKey;
    put(pathOf.node(number), { PublicKey, Tags: [{ Key: 'role', Value: role }] });
  }
  return files;
}

function associationFile(name: string, wish: AssociationWish) {
  return {
    AssociationName: name,
    Name: wish.document,
    Parameters: { text: [wish.text] },
    Targets: [
      wish.role === null
        ? { Key: 'InstanceIds', Values: ['*'] }
        : { Key: 'tag:role', Values: [wish.role] },
    ],
    ...(wish.schedule === null ? {} : { ScheduleExpression: wish.schedule }),
    ...(wish.flag ? { ApplyOnlyAtCronInterval: true } : {}),
    MaxConcurrency: wish.maxConcurrency,
    MaxErrors: wish.maxErrors,
    ...(wish.calendar ? { CalendarNames: ['freeze'] } : {}),
    Reconciled: extensionsOf(wish),
  };
}

function extensionsOf({ dependsOn, suspendedUntilMs, ring }: AssociationWish) {
  return {
    ...(dependsOn.length === 0 ? {} : { DependsOn: dependsOn }),
    ...(suspendedUntilMs === null
      ? {}
      : {
          Suspend: {
            Reason: 'story',
            Owner: 'operator',
            Until: new Date(suspendedUntilMs).toISOString(),
          },
        }),
    ...(ring === null
      ? {}
      : {
          Rollout: {
            Rings: [
              {
                Targets: [{ Key: 'tag:role', Values: ['web'] }],
                Soak: `${SOAK_MS / 60_000}m`,
                MaxErrors: String(ring.maxErrors),
              },
            ],
          },
        }),
  };
}

function calendarText(): string {
  const stamp = (ms: number): string => new Date(ms).toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
  const events = freezes.map(({ fromMs, toMs }, at) =>
    [
      'BEGIN:VEVENT',
      `UID:freeze-${at}`,
      `DTSTAMP:${stamp(fromMs)}`,
      `DTSTART:${stamp(fromMs)}`,
      `DTEND:${stamp(toMs)}`,
      `SUMMARY:freeze ${at}`,
      'END:VEVENT',
    ].join('\r\n'),
  );
  return [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//story//EN',
    'X-CALENDAR-TYPE:DEFAULT_OPEN',
    ...events,
    'END:VCALENDAR',
    '',
  ].join('\r\n');
}

function documentFile(name: string, wish: DocumentWish) {
  return {
    schemaVersion: '2.2',
    description: `${name} ${wish.version}`,
    parameters: { text: { type: 'String' } },
    mainSteps: Array.from({ length: wish.steps }, (_, at) => ({
      action: 'aws:runShellScript',
      name: `step${at + 1}`,
      inputs: {
        timeoutSeconds: String(wish.timeoutSeconds),
        runCommand: [`${name} ${wish.version} {{ text }}`],
      },
    })),
  };
}

/** What a node would execute, in words. */
export function contentOf(wish: Wish, association: string): string | null {
  const each = wish.associations.get(association);
  const document = each && wish.documents.get(each.document);
  if (each === undefined || document === undefined) return null;
  const { version, steps, timeoutSeconds } = document;
  return `${each.document} ${version} ${steps} ${timeoutSeconds} ${each.text}`;
}

export function targetsOf(wish: Wish, association: string): readonly number[] {
  const each = wish.associations.get(association);
  if (each === undefined) return [];
  const { role } = each;
  return [...wish.nodes].filter(([, has]) => role === null || has === role).map(([node]) => node);
}

/** Broken files say nothing: what was in force before stays. */
export function inForce(before: Wish | null, next: Wish): Wish {
  const merge = <Key, Value>(
    now: ReadonlyMap<Key, Value>,
    then: ReadonlyMap<Key, Value> | undefined,
    path: (key: Key) => string,
  ): Map<Key, Value> => {
    const merged = new Map<Key, Value>();
    for (const [key, value] of now) {
      const kept = next.broken.has(path(key)) ? then?.get(key) : value;
      if (kept !== undefined) merged.set(key, kept);
    }
    return merged;
  };
  const documents = merge(next.documents, before?.documents, pathOf.document);
  const associations = merge(next.associations, before?.associations, pathOf.association);
  return {
    // What stands on a document that was never readable never was in force either.
    associations: new Map([...associations].filter(([, each]) => documents.has(each.document))),
    documents,
    nodes: merge(next.nodes, before?.nodes, pathOf.node),
    broken: new Set(),
  };
}
