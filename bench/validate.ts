/**
 * Validating a repository against the yardstick of reading the same files with plain `yaml.parse`, which checks nothing.
 * The ratio is what counts; the seconds are those of this machine.
 *
 *   node --import tsx bench/validate.ts
 */
import { parse } from 'yaml';
import { gitBlobId } from '../src/core/canonical/digest.ts';
import { definitionsOf } from '../src/core/load/effective.ts';
import type { LoadCache, LoadedFile } from '../src/core/load/load.ts';
import { loadCatalog } from '../src/core/load/load.ts';
import type { FleetSize } from './generate-fleet.ts';
import { FULL_FLEET, fleetFiles } from './generate-fleet.ts';

const ROUNDS = 5;

function measure(name: string, size: FleetSize): void {
  const texts = [...fleetFiles(size)];
  const files: readonly LoadedFile[] = texts.map(({ path, text }) => {
    const bytes = Buffer.from(text);
    return { path, blob: gitBlobId(bytes), kind: 'file', bytes };
  });
  let cache: LoadCache = new Map();
  const load = (known: LoadCache): void => {
    const loaded = loadCatalog(files, {
      commit: null,
      library: new Map(),
      lastGood: new Map(),
      builtActions: ['aws:runShellScript'],
      cache: known,
    });
    definitionsOf(loaded.catalog);
    if (loaded.catalog.problems.length > 0) throw new Error('the generated fleet is valid');
    cache = loaded.cache;
  };
  const yardstickMs = median(() => {
    for (const { text } of texts) parse(text);
  });
  const coldMs = median(() => {
    load(new Map());
  });
  const warmMs = median(() => {
    load(cache);
  });
  console.log(
    `${name}: ${files.length} files; validate ${ms(coldMs)} = ${(coldMs / yardstickMs).toFixed(2)} x yaml.parse (${ms(yardstickMs)}); ` +
      `again, nothing changed ${ms(warmMs)}; heap ${Math.round(process.memoryUsage().heapUsed / 2 ** 20)} MiB`,
  );
}

function median(work: () => void): number {
  const times = Array.from({ length: ROUNDS }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  }).sort((a, b) => a - b);
  return times[Math.floor(ROUNDS / 2)] ?? 0;
}

function ms(value: number): string {
  return `${value.toFixed(0)} ms`;
}

measure('2,000 associations', { associations: 2_000, documents: 50, nodes: 0 });
measure('1,000 associations, 300 documents, 10,000 nodes', FULL_FLEET);
