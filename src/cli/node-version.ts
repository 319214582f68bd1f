/** Last day of each line of Node, from its published schedule; newer lines are presumed alive. */
const LAST_DAYS: { readonly [line: string]: string } = {
  20: '2026-04-30',
  21: '2024-06-01',
  22: '2027-04-30',
  23: '2025-06-01',
  24: '2028-04-30',
  25: '2026-06-01',
  26: '2029-04-30',
};

/** A warning when this Node gets no security fixes any more; null otherwise. */
export function endOfLife(version: string, nowMs: number): string | null {
  const line = version.split('.')[0] ?? '';
  const last = LAST_DAYS[line];
  if (last === undefined || nowMs < Date.parse(`${last}T24:00:00Z`)) return null;
  return `Node ${line} has had no security fixes since ${last}; Node 24 LTS is recommended`;
}
