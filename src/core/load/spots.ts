import type { Desk, Spot } from '../document/desk.ts';
import type { SourceNode } from '../document/source.ts';
import { pointTo } from '../document/source.ts';

/** Line and column, 1-based. */
export type Place = readonly [line: number, column: number];

/**
 * Where the values and the keys of a definition stand. Flat: every association that is read has one, is handed from thread to
 * thread and kept with it, and hardly any is ever asked.
 */
export type Places = {
  /** JSON pointers in the order of the file. */
  readonly pointers: readonly string[];
  /** For each pointer line and column of the value, then of its key; zeros where it has no key. */
  readonly numbers: readonly number[];
};

/** The value at a JSON pointer, or the nearest one around it. */
export function spotAt(root: SourceNode, pointer: string): Spot {
  let node = root;
  let reached = '';
  for (const segment of pointer.split('/').slice(1)) {
    const key = segment.replaceAll('~1', '/').replaceAll('~0', '~');
    const inner = childOf(node, key);
    if (inner === null) break;
    node = inner;
    reached = pointTo(reached, key);
  }
  return { node, pointer: reached };
}

/** The key `key` of the map at `pointer`. */
export function keySpotAt(root: SourceNode, pointer: string, key: string): Spot {
  const spot = spotAt(root, pointer);
  const entry =
    spot.node.kind === 'map' ? spot.node.entries.find((one) => one.key === key) : undefined;
  if (entry === undefined) return spot;
  return {
    node: { kind: 'scalar', at: entry.keyAt, value: key, written: null },
    pointer: pointTo(pointer, key),
  };
}

function childOf(node: SourceNode, key: string): SourceNode | null {
  if (node.kind === 'map') return node.entries.find((entry) => entry.key === key)?.value ?? null;
  if (node.kind === 'list') return node.items[Number(key)] ?? null;
  return null;
}

/** Deeper places are never asked for: the schema closes everything below. */
const PLACES_DEPTH_MAX = 4;

/** Every place of a definition, so that a problem found later, in another file's light, still points. */
export function placesOf({
  desk,
  root,
}: {
  readonly desk: Desk;
  readonly root: SourceNode;
}): Places {
  const pointers: string[] = [];
  const numbers: number[] = [];
  const visit = (node: SourceNode, pointer: string, depth: number, keyAt: number | null): void => {
    const { line, column } = desk.placeAt(node.at);
    const key = keyAt === null ? NO_KEY : desk.placeAt(keyAt);
    pointers.push(pointer);
    numbers.push(line, column, key.line, key.column);
    if (depth >= PLACES_DEPTH_MAX) return;
    if (node.kind === 'list') {
      for (const [i, item] of node.items.entries())
        visit(item, pointTo(pointer, i), depth + 1, null);
    } else if (node.kind === 'map') {
      for (const entry of node.entries)
        visit(entry.value, pointTo(pointer, entry.key), depth + 1, entry.keyAt);
    }
  };
  visit(root, '', 0, null);
  return { pointers, numbers };
}

const NO_KEY = { line: 0, column: 0 };

/** Whether the file has a value there, within the depth that is remembered. */
export function isWritten(places: Places, pointer: string): boolean {
  return indexOf(places, pointer) !== -1;
}

/** The place of a value, or of the nearest value around it. */
export function placeOf(places: Places, pointer: string): Place {
  for (let at = pointer; ; at = at.slice(0, at.lastIndexOf('/'))) {
    const found = numbersAt(places, indexOf(places, at), 0);
    if (found !== null) return found;
    if (at === '') return [1, 1];
  }
}

/** The place of the key, or of the value where it has none. */
export function keyPlaceOf(places: Places, pointer: string): Place {
  return numbersAt(places, indexOf(places, pointer), 2) ?? placeOf(places, pointer);
}

function numbersAt({ numbers }: Places, index: number, part: 0 | 2): Place | null {
  const line = numbers[4 * index + part] ?? 0;
  const column = numbers[4 * index + part + 1] ?? 0;
  return index === -1 || line === 0 ? null : [line, column];
}

/** Looked through from the start where there are few, which is nearly everywhere. */
const FEW = 64;
const indexes = new WeakMap<Places, ReadonlyMap<string, number>>();

function indexOf(places: Places, pointer: string): number {
  const { pointers } = places;
  if (pointers.length <= FEW) return pointers.lastIndexOf(pointer);
  let index = indexes.get(places);
  if (index === undefined) {
    index = new Map(pointers.map((each, at) => [each, at]));
    indexes.set(places, index);
  }
  return index.get(pointer) ?? -1;
}
