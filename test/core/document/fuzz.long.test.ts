import { test } from 'node:test';
import { fuzz } from './fuzz.ts';

const SEEDS = 20;
const DOCUMENTS = 50_000;

test(`fuzz: ${DOCUMENTS} documents, none crashes or hangs the language`, (t) => {
  let slowest = 0;
  let plain = 0;
  for (let seed = 1000; seed < 1000 + SEEDS; seed++) {
    const fuzzed = fuzz(seed, DOCUMENTS / SEEDS);
    slowest = Math.max(slowest, fuzzed.ms);
    plain += fuzzed.plain;
  }
  t.diagnostic(`${plain} went the short way through YAML and were read alike by the whole parser`);
  t.diagnostic(`slowest document: ${Math.round(slowest)} ms`);
  if (slowest > 10_000) throw new Error(`${slowest} ms`);
});
