import type { GitObject } from './objects.ts';

/**
 * Delta bases by place, bounded by bytes, least recently used first out. Using a root keeps it, so a long chain
 * costs one step per object instead of one per link.
 */
export type BaseCache = {
  get(place: number): GitObject | undefined;
  put(place: number, base: GitObject): void;
};

export function openBaseCache(bytesMax: number): BaseCache {
  const bases = new Map<number, GitObject>();
  let bytes = 0;

  function forgetOldest(): void {
    for (const [place, base] of bases) {
      if (bytes <= bytesMax) return;
      bases.delete(place);
      bytes -= base.bytes.length;
    }
  }

  return {
    get(place) {
      const base = bases.get(place);
      if (base !== undefined) {
        bases.delete(place);
        bases.set(place, base);
      }
      return base;
    },
    put(place, base) {
      if (bases.has(place) || base.bytes.length > bytesMax / 4) return;
      bases.set(place, base);
      bytes += base.bytes.length;
      forgetOldest();
    },
  };
}
