/** Sets of node ordinals as ascending arrays without repeats: small, and merged in one walk. */
export type Ordinals = readonly number[];

/** Merges in pairs, so that many small sets cost no more than a few large ones. */
export function union(sets: readonly Ordinals[]): Ordinals {
  if (sets.length <= 1) return sets[0] ?? [];
  const half = sets.length >>> 1;
  return merge(union(sets.slice(0, half)), union(sets.slice(half)));
}

function merge(a: Ordinals, b: Ordinals): Ordinals {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  const merged: number[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const left = a[i] ?? 0;
    const right = b[j] ?? 0;
    merged.push(left <= right ? left : right);
    if (left <= right) i++;
    if (right <= left) j++;
  }
  while (i < a.length) merged.push(a[i++] ?? 0);
  while (j < b.length) merged.push(b[j++] ?? 0);
  return merged;
}

export function intersection(a: Ordinals, b: Ordinals): Ordinals {
  const common: number[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const left = a[i] ?? 0;
    const right = b[j] ?? 0;
    if (left === right) common.push(left);
    if (left <= right) i++;
    if (right <= left) j++;
  }
  return common;
}

/** Adds in place; cheapest when ordinals come in ascending order, as they do when a fleet is loaded. */
export function insertOrdinal(set: number[], ordinal: number): void {
  const at = positionOf(set, ordinal);
  if (set[at] !== ordinal) set.splice(at, 0, ordinal);
}

export function deleteOrdinal(set: number[], ordinal: number): void {
  const at = positionOf(set, ordinal);
  if (set[at] === ordinal) set.splice(at, 1);
}

/** Index of the first member that is not below `ordinal`. */
function positionOf(set: Ordinals, ordinal: number): number {
  let low = 0;
  let high = set.length;
  if (high === 0 || (set[high - 1] ?? 0) < ordinal) return high;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((set[middle] ?? 0) < ordinal) low = middle + 1;
    else high = middle;
  }
  return low;
}
