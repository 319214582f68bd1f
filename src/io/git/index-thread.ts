import { closeSync, fstatSync, openSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { DamagedObject } from './git-error.ts';
import { readAt } from './pack-file.ts';
import { encodePackIndex } from './pack-index.ts';
import { resolveDeltas } from './resolve-deltas.ts';
import { scanPack } from './scan-pack.ts';

export type IndexOrder = { readonly pack: string; readonly heldBytesMax: number };

export type IndexReport =
  | {
      readonly kind: 'indexed';
      readonly index: Uint8Array;
      /** Of the pack, in hex: its name. */
      readonly checksum: string;
      /** Deltas without an id: nobody can ask for them. */
      readonly leftOut: number;
    }
  | { readonly kind: 'damaged'; readonly message: string };

/** The thread that `indexPack` starts; being ended is its way of being called off. */
async function indexPack({ pack, heldBytesMax }: IndexOrder): Promise<IndexReport> {
  const fd = openSync(pack, 'r');
  try {
    const bytes = fstatSync(fd).size;
    const entries = await scanPack(fd, bytes);
    const leftOut = resolveDeltas(fd, entries, heldBytesMax);
    const listed = new Map(
      entries.flatMap(({ oid, offset, crc }) =>
        oid === null ? [] : [[oid, { oid, offset, crc }]],
      ),
    );
    const checksum = readAt(fd, bytes - 20, 20);
    const index = encodePackIndex(null, [...listed.values()], checksum);
    return { kind: 'indexed', index, checksum: checksum.toString('hex'), leftOut };
  } catch (error) {
    if (!(error instanceof DamagedObject)) throw error;
    return { kind: 'damaged', message: error.message };
  } finally {
    closeSync(fd);
  }
}

parentPort?.postMessage(await indexPack(workerData as IndexOrder));
