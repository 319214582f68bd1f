/**
 * How often a property is tried. A fifth in the quick tiers: a law that breaks shows within a few cases, and the long search
 * belongs to `.ci/run`. RUNS=n tries each n times, for a night.
 */
const asked = process.env['RUNS'];
const isFull = process.env['RECONCILED_TEST_TIER'] === 'full';

export const runs = (count: number): number =>
  asked !== undefined ? Number(asked) : isFull ? count : Math.ceil(count / 5);
