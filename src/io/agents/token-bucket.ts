/** How long a sender has to pause after something of this cost, ms; 0 while its tokens last. May go into debt. */
export type TokenBucket = { take(cost: number, nowMs: number): number };

export function makeTokenBucket(limits: {
  readonly burst: number;
  readonly perSecond: number;
}): TokenBucket {
  let tokens = limits.burst;
  let filledAt: number | null = null;
  return {
    take(cost, nowMs) {
      const elapsedMs = filledAt === null ? 0 : Math.max(0, nowMs - filledAt);
      filledAt = nowMs;
      tokens = Math.min(limits.burst, tokens + (elapsedMs * limits.perSecond) / 1000) - cost;
      return tokens >= 0 ? 0 : (-tokens * 1000) / limits.perSecond;
    },
  };
}
