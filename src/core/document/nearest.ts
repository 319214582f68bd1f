/**
 * The candidate a person most likely meant: at most a third of the letters differ (swaps count once, case counts
 * nothing), the first of equals wins. Null when nothing is near.
 */
export function nearest(wanted: string, candidates: Iterable<string>): string | null {
  const target = wanted.slice(0, LETTERS_MAX).toLowerCase();
  let best: string | null = null;
  let bestDistance = Math.floor(target.length / 3) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(target, candidate.slice(0, LETTERS_MAX).toLowerCase());
    if (distance >= bestDistance) continue;
    bestDistance = distance;
    best = candidate;
  }
  return best;
}

const LETTERS_MAX = 128;

/** Insert, delete, replace, swap of neighbours: one each. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a.charAt(i - 1) === b.charAt(j - 1);
      const swapped =
        i > 1 &&
        j > 1 &&
        a.charAt(i - 1) === b.charAt(j - 2) &&
        a.charAt(i - 2) === b.charAt(j - 1);
      row.push(
        Math.min(
          (previous[j] ?? 0) + 1,
          (row[j - 1] ?? 0) + 1,
          (previous[j - 1] ?? 0) + (same ? 0 : 1),
          swapped ? (before[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    before = previous;
    previous = row;
  }
  return previous[b.length] ?? 0;
}
