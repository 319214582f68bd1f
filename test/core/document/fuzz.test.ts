import { test } from 'node:test';
import { fuzz } from './fuzz.ts';

/** One parse of the largest document takes tens of milliseconds; a hang takes for ever. */
const SLOW_MS = 5_000;

for (const seed of [1, 2, 3, 4]) {
  test(`fuzz: no document crashes or hangs the language (seed ${seed})`, () => {
    const { ms, text } = fuzz(seed, 500);
    if (ms > SLOW_MS) throw new Error(`${ms} ms:\n${text.slice(0, 2000)}`);
  });
}
