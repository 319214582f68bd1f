import type { Json } from '../model/json.ts';
import type { Problem } from '../model/problem.ts';
import { nearest } from './nearest.ts';
import type { SourceEntry, SourceMap, SourceNode } from './source.ts';
import { placeFinder, pointTo } from './source.ts';

/** A node and where it stands in the tree. */
export type Spot = { readonly node: SourceNode; readonly pointer: string };

/** Where the reading of one document gathers its problems. */
export type Desk = {
  readonly format: 'yaml' | 'json';
  readonly problems: readonly Problem[];
  /** Scalars that were read as texts though YAML has another kind for them, as `schemaVersion: 2.2`; inputs, which no rule changes. */
  readonly travelling: Map<SourceNode, Json>;
  readonly error: (code: string, spot: Spot, message: string, hint?: string) => void;
  readonly warn: (code: string, spot: Spot, message: string, hint?: string) => void;
  /** The next place at or after `from` where the file has this text literally; the whole spot when it has not. */
  readonly next: (spot: Spot, written: string, from: number) => Spot;
  readonly placeOf: (spot: Spot) => { line: number; column: number; pointer: string };
  /** Of a character, by its offset; the start of the file for what is nowhere. */
  readonly placeAt: (at: number) => { readonly line: number; readonly column: number };
};

export function openDesk(options: {
  readonly file: string;
  readonly text: string;
  readonly format: 'yaml' | 'json';
}): Desk {
  const problems: Problem[] = [];
  let find: ReturnType<typeof placeFinder> | null = null;
  const placeAt = (at: number) => {
    find ??= placeFinder(options.text);
    return find(Math.max(0, at));
  };
  const placeOf = ({ node, pointer }: Spot) => {
    const { line, column } = placeAt(node.at);
    return { line, column, pointer };
  };
  const report =
    (severity: Problem['severity']) =>
    (code: string, spot: Spot, message: string, hint = ''): void => {
      const { line, column, pointer } = placeOf(spot);
      problems.push({ code, severity, file: options.file, line, column, pointer, message, hint });
    };
  return {
    format: options.format,
    problems,
    travelling: new Map(),
    error: report('error'),
    warn: report('warning'),
    next(spot, written, from) {
      const at = options.text.indexOf(written, from);
      if (at === -1) return spot;
      return { node: { kind: 'scalar', at, value: written, written: null }, pointer: spot.pointer };
    },
    placeOf,
    placeAt,
  };
}

/** The value of a key, or null. In JSON the language's own keys match whatever their case; in YAML exactly. */
export function fieldOf(desk: Desk, spot: Spot, key: string): Spot | null {
  const entry = entryOf(desk, spot.node, key);
  return entry === null ? null : { node: entry.value, pointer: pointTo(spot.pointer, entry.key) };
}

function entryOf(desk: Desk, node: SourceNode, key: string): SourceEntry | null {
  if (node.kind !== 'map') return null;
  const exact = node.entries.find((entry) => entry.key === key);
  if (exact !== undefined) return exact;
  if (desk.format !== 'json') return null;
  return node.entries.find((entry) => entry.key.toLowerCase() === key.toLowerCase()) ?? null;
}

/** Entries of a map as spots, each with its key; `keySpot` points at the key itself. */
export function entriesOf(
  map: SourceMap,
  pointer: string,
): readonly { readonly key: string; readonly spot: Spot; readonly keySpot: Spot }[] {
  return map.entries.map(({ key, keyAt, value }) => ({
    key,
    spot: { node: value, pointer: pointTo(pointer, key) },
    keySpot: spotOfKey(key, keyAt, pointer),
  }));
}

function spotOfKey(key: string, keyAt: number, pointer: string): Spot {
  const node = { kind: 'scalar', at: keyAt, value: key, written: null } as const;
  return { node, pointer: pointTo(pointer, key) };
}

/** Null counts as left out, as the reference's decoder has it. */
export function isNothing(spot: Spot | null): boolean {
  return spot === null || (spot.node.kind === 'scalar' && spot.node.value === null);
}

/**
 * A field that must be a text. YAML's plain scalars are texts as written (`schemaVersion: 2.2`); in JSON a number is
 * no text. Null when absent or refused.
 */
export function textField(desk: Desk, spot: Spot, key: string): string | null {
  const field = fieldOf(desk, spot, key);
  if (field === null || isNothing(field)) return null;
  const text = textOfScalar(field.node);
  travelsAsText(desk, field.node);
  if (text === null) desk.error('not-text', field, `${key} must be a text`, 'Put it in quotes.');
  return text;
}

/** YAML's `5` where a text is wanted is the text it was written as, and travels so. */
export function travelsAsText(desk: Desk, node: SourceNode): void {
  if (node.kind === 'scalar' && node.written !== null) desk.travelling.set(node, node.written);
}

/** The text of a scalar where a text is wanted; null for nothing, lists, maps and JSON's other kinds. */
export function textOfScalar(node: SourceNode): string | null {
  if (node.kind !== 'scalar' || node.value === null) return null;
  if (typeof node.value === 'string') return node.value;
  return node.written;
}

/** Warns about keys the language does not have; `effectless` are those it has elsewhere, with the reason. */
export function warnUnknownKeys(
  desk: Desk,
  spot: Spot,
  options: {
    readonly of: string;
    readonly known: readonly string[];
    readonly effectless?: { readonly [key: string]: string };
  },
): void {
  if (spot.node.kind !== 'map') return;
  const { known, effectless = {}, of } = options;
  refuseFoldedTwins(desk, spot, known);
  for (const { key, keyAt, value } of spot.node.entries) {
    if (known.includes(key) || (desk.format === 'json' && hasFolded(known, key))) continue;
    const keySpot = spotOfKey(key, keyAt, spot.pointer);
    const reason = Object.hasOwn(effectless, key) ? effectless[key] : undefined;
    if (reason !== undefined) {
      // As saved from an agent, which writes out what nobody said.
      if (value.kind === 'scalar' && !value.value) continue;
      desk.warn('no-effect', keySpot, `${key} has no effect on ${of}`, reason);
      continue;
    }
    const near = nearest(key, known);
    const hint = near === null ? 'Remove it.' : `Did you mean ${near}?`;
    desk.warn('unknown-key', keySpot, `${key} is no key of ${of} and has no effect`, hint);
  }
}

/** `name` beside `Name`: in the JSON that travels nodes take the later one, readers the first. */
function refuseFoldedTwins(desk: Desk, spot: Spot, known: readonly string[]): void {
  if (spot.node.kind !== 'map') return;
  const seen = new Map<string, string>();
  for (const { key, keyAt } of spot.node.entries) {
    const folded = key.toLowerCase();
    const twin = seen.get(folded);
    if (twin !== undefined && twin !== key && hasFolded(known, key))
      desk.error(
        'duplicate-key',
        spotOfKey(key, keyAt, spot.pointer),
        `${key} is the key ${twin} once more: keys match whatever their case`,
        'Keep one of the two.',
      );
    seen.set(folded, key);
  }
}

function hasFolded(names: readonly string[], name: string): boolean {
  const folded = name.toLowerCase();
  return names.some((candidate) => candidate.toLowerCase() === folded);
}
