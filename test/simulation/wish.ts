/** What people want, before it becomes files: small enough for the model to understand without the product's rules. */
import { nodeIdentities } from './keys.ts';

export type AssociationWish = {
  readonly document: string;
  readonly text: string;
  readonly schedule: string | null;
  /** IANA name; null: UTC, unsaid. */
  readonly timezone: string | null;
  /** ScheduleOffset; null: none. */
  readonly offsetDays: number | null;
  /** ApplyOnlyAtCronInterval. */
  readonly flag: boolean;
  /** SyncCompliance MANUAL. */
  readonly manual: boolean;
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
  /** OnInterrupted. */
  readonly retry: boolean;
};

export const SOAK_MS = 10 * 60_000;
export type Freeze = { readonly fromMs: number; readonly toMs: number };

/** Half an hour each (in units of a minute), soon after the story begins and later. */
export const freezesFrom = (startMs: number, unitMs: number): readonly Freeze[] =>
  [30, 160, 370].map((units) => {
    const fromMs = startMs + units * unitMs;
    return { fromMs, toMs: fromMs + 30 * unitMs };
  });

export const isFrozen = ({ freezes }: Wish, atMs: number): boolean =>
  freezes.some(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs);

/** What `GetCalendarState` would answer, as the status branch spells it. */
export function calendarStateOf({ freezes }: Wish, atMs: number): string {
  const isClosed = freezes.some(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs);
  const later = freezes
    .flatMap(({ fromMs, toMs }) => [fromMs, toMs])
    .filter((ms) => ms > atMs)
    .sort((a, b) => a - b);
  const until = later[0] === undefined ? 'no end' : new Date(later[0]).toISOString();
  return `${isClosed ? 'CLOSED' : 'OPEN'} until ${until.replace('.000Z', 'Z')}`;
}

export type DocumentWish = {
  readonly version: number;
  readonly steps: number;
  readonly timeoutSeconds: number;
  /** Declares `AssociationId`, so that MANUAL associations may use it. */
  readonly reporting: boolean;
};

export type Wish = {
  readonly associations: ReadonlyMap<string, AssociationWish>;
  readonly documents: ReadonlyMap<string, DocumentWish>;
  /** Number of the node → its role. */
  readonly nodes: ReadonlyMap<number, string>;
  /** Paths whose text nobody can read. */
  readonly broken: ReadonlySet<string>;
  /** When the calendar is closed. */
  readonly freezes: readonly Freeze[];
  /** Which version of the daemon's program reads it: that brings a document of its own. */
  readonly program: number;
};

/** What the program brings, in stories where that changes. */
export const SHIPPED = 'AWS-Story';

export const shippedDocument = (version: number): DocumentWish => ({
  version,
  steps: 1,
  timeoutSeconds: 300,
  reporting: false,
});

const documentOf = (
  { documents, program }: Pick<Wish, 'documents' | 'program'>,
  name: string,
): DocumentWish | undefined => (name === SHIPPED ? shippedDocument(program) : documents.get(name));

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
  files.set('calendars/freeze.ics', calendarText(wish.freezes));
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
    ...(wish.offsetDays === null ? {} : { ScheduleOffset: wish.offsetDays }),
    ...(wish.flag ? { ApplyOnlyAtCronInterval: true } : {}),
    ...(wish.manual ? { SyncCompliance: 'MANUAL' } : {}),
    MaxConcurrency: wish.maxConcurrency,
    MaxErrors: wish.maxErrors,
    ...(wish.calendar ? { CalendarNames: ['freeze'] } : {}),
    Reconciled: extensionsOf(wish),
  };
}

function extensionsOf({ timezone, dependsOn, suspendedUntilMs, ring, retry }: AssociationWish) {
  return {
    ...(timezone === null ? {} : { Timezone: timezone }),
    ...(dependsOn.length === 0 ? {} : { DependsOn: dependsOn }),
    ...(retry ? { OnInterrupted: 'Retry' } : {}),
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

function calendarText(freezes: readonly Freeze[]): string {
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

export function documentFile(name: string, wish: DocumentWish) {
  return {
    schemaVersion: '2.2',
    description: `${name} ${wish.version}`,
    parameters: {
      text: { type: 'String' },
      ...(wish.reporting ? { AssociationId: { type: 'String', default: 'none' } } : {}),
    },
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
  const document = each && documentOf(wish, each.document);
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

/** What depends on something that is not in force stays as it was. Dependencies are older, so they are decided first. */
function heldBack(
  before: Wish | null,
  next: ReadonlyMap<string, AssociationWish>,
): ReadonlyMap<string, AssociationWish> {
  const inForce = new Map<string, AssociationWish>();
  for (const [name, each] of next) {
    const versions = [each, before?.associations.get(name)];
    const kept = versions.find((one) => one?.dependsOn.every((other) => inForce.has(other)));
    if (kept !== undefined) inForce.set(name, kept);
  }
  return inForce;
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
  for (const [name, each] of associations) {
    // What stands on a document that was never readable never was in force either.
    if (documentOf({ ...next, documents }, each.document) === undefined) associations.delete(name);
  }
  return {
    associations: heldBack(before, associations),
    documents,
    nodes: merge(next.nodes, before?.nodes, pathOf.node),
    broken: new Set(),
    freezes: next.freezes,
    program: next.program,
  };
}
