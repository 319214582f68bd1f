/** Appends numbered entries to the real journal in the given folder, laid out by so many bytes; prints each id once it is acknowledged. */
import { writeSync } from 'node:fs';
import { nodeDisk } from '../../src/disk/node-disk.ts';
import { compactEntries, entry, openLedger } from './ledger.ts';

const [dir = '', laidBytes] = process.argv.slice(2);
const options = { segmentBytesMax: 4_000, laidBytes: Number(laidBytes) };
const { journal, replayed } = await openLedger({ disk: nodeDisk, dir, ...options });
let next = (replayed.at(-1) ?? 0) + 1;

async function appendForEver(): Promise<never> {
  for (;;) {
    const id = next++;
    await journal.append([entry(id)]);
    writeSync(1, `${id}\n`);
  }
}

async function compactForEver(): Promise<never> {
  for (;;) {
    await journal.compact(compactEntries);
    await new Promise((resolve) => {
      setTimeout(resolve, 3);
    });
  }
}

writeSync(1, `${replayed.at(-1) ?? 0}\n`);
await Promise.race([appendForEver(), appendForEver(), appendForEver(), compactForEver()]);
