import type { Desk, Spot } from '../document/desk.ts';
import type { SourceNode } from '../document/source.ts';
import { pointTo } from '../document/source.ts';

/** Line and column, 1-based. */
export type Place = readonly [line: number, column: number];

/** Where the values and the keys of a definition stand, by JSON pointer. */
export type Places = {
  readonly values: { readonly [pointer: string]: Place };
  readonly keys: { readonly [pointer: string]: Place };
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
  const values: { [pointer: string]: Place } = {};
  const keys: { [pointer: string]: Place } = {};
  const visit = (node: SourceNode, pointer: string, depth: number): void => {
    values[pointer] = placeIn(desk, node);
    if (depth >= PLACES_DEPTH_MAX) return;
    if (node.kind === 'list') {
      for (const [i, item] of node.items.entries()) visit(item, pointTo(pointer, i), depth + 1);
    } else if (node.kind === 'map') {
      for (const { key, keyAt, value } of node.entries) {
        const inner = pointTo(pointer, key);
        keys[inner] = placeIn(desk, { kind: 'scalar', at: keyAt, value: key, written: null });
        visit(value, inner, depth + 1);
      }
    }
  };
  visit(root, '', 0);
  return { values, keys };
}

function placeIn(desk: Desk, node: SourceNode): Place {
  const { line, column } = desk.placeOf({ node, pointer: '' });
  return [line, column];
}

/** The place of a value, or of the nearest value around it. */
export function placeOf(places: Places, pointer: string): Place {
  for (let at = pointer; ; at = at.slice(0, at.lastIndexOf('/'))) {
    const place = places.values[at];
    if (place !== undefined) return place;
    if (at === '') return [1, 1];
  }
}
