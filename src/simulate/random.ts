/** Numbers from a seed. `split` gives a stream of its own, so that one more draw here changes nothing there. */
export type Random = {
  /** In [0, 1), as Math.random. */
  next(): number;
  /** An integer from `min` to `max`, both included. */
  integer(min: number, max: number): number;
  chance(probability: number): boolean;
  /** @throws RangeError when there is nothing to pick from */
  pick<Value>(from: readonly Value[]): Value;
  /** A time to wait whose average is `mean`: many short ones, a few long ones. */
  exponential(mean: number): number;
  split(label: string): Random;
};

/** 64 bits of `seed` count. */
export function randomFrom(seed: bigint): Random {
  let state = BigInt.asUintN(64, seed);
  const word = (): number => {
    state = BigInt.asUintN(64, state + 0x9e3779b97f4a7c15n);
    let z = state;
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
    return Number(BigInt.asUintN(32, z ^ (z >> 31n)));
  };
  return stream(word(), word(), word(), word());
}

/** sfc32: small, fast, and good enough for every statistical test we know of. */
function stream(a0: number, b0: number, c0: number, d0: number): Random {
  let [a, b, c, d] = [a0 | 0, b0 | 0, c0 | 0, d0 | 0];
  const word = (): number => {
    const sum = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return sum >>> 0;
  };
  for (let i = 0; i < 12; i++) word();

  const random: Random = {
    next: () => word() / 2 ** 32,
    integer: (min, max) => min + Math.floor(random.next() * (max - min + 1)),
    chance: (probability) => random.next() < probability,
    pick(from) {
      if (from.length === 0) throw new RangeError('nothing to pick from');
      return from[random.integer(0, from.length - 1)] as (typeof from)[number];
    },
    exponential: (mean) => -Math.log(1 - random.next()) * mean,
    split: (label) => stream(a0 ^ hashOf(label), b0, c0 ^ hashOf(`${label}\0`), d0),
  };
  return random;
}

/** FNV-1a, 32 bits. */
export function hashOf(text: string, basis = 0x811c9dc5): number {
  let hash = basis;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return hash >>> 0;
}
