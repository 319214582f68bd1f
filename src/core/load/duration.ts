const UNIT_MS: { readonly [unit: string]: number } = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `15s`, `10m`, `2h`, `1d`, `250ms` in milliseconds; null for anything else. */
export function parseDuration(text: string): number | null {
  const [, value, unit = ''] = /^([1-9][0-9]{0,8})(ms|s|m|h|d)$/.exec(text) ?? [];
  const unitMs = UNIT_MS[unit];
  return value === undefined || unitMs === undefined ? null : Number(value) * unitMs;
}
