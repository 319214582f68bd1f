import { test } from 'node:test';
import { fuzz } from './fuzz.ts';

const SEEDS = 20;
const DOCUMENTS = 50_000;

test(`fuzz: ${DOCUMENTS} documents, none crashes or hangs the language`, (t) => {
  let slowest = 0;
  for (let seed = 1000; seed < 1000 + SEEDS; seed++)
    slowest = Math.max(slowest, fuzz(seed, DOCUMENTS / SEEDS).ms);
  t.diagnostic(`slowest document: ${Math.round(slowest)} ms`);
  if (slowest > 10_000) throw new Error(`${slowest} ms`);
});
