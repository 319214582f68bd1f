/**
 * What files said, kept on disk for the next start of the daemon: ten thousand files are read in a tenth of the time that
 * parsing them takes. Disposable: without it, or with a part of it, a start is slower and nothing else. Only files that are
 * right are kept, so whatever is wrong is read and told anew; nothing is believed that another program, or another version
 * of any of our code, has written.
 */
import { dirname } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { deserialize, serialize } from 'node:v8';
import { crc32 } from 'node:zlib';
import type { LoadCache } from '../core/load/load.ts';
import { keyOf } from '../core/load/load.ts';
import type { ParsedFile } from '../core/load/parsed.ts';
import type { Readings, Workings } from '../core/load/readings.ts';
import {
  readingsOf,
  rememberReadings,
  rememberWorkings,
  workingsOf,
} from '../core/load/readings.ts';
import type { Slice } from '../core/model/slice.ts';
import { beginSlice } from '../core/model/slice.ts';
import type { Disk } from '../disk/disk.ts';
import { sweepTemporaries, writeFileAtomic } from '../disk/files.ts';

export type ParsedStore = {
  /** What is there and whole, by path and blob; nothing of it when another program wrote it. @throws ReconcileError DISK_IO */
  read(): Promise<LoadCache>;
  /**
   * Keeps what `files` holds beyond what is there, and forgets what it holds no more once that is half of it. In slices.
   * @throws ReconcileError DISK_FULL, DISK_IO, or the signal's reason; what is there stays readable
   */
  keep(files: LoadCache, signal: AbortSignal): Promise<void>;
};

/** The caller holds the lock of the folder. `digest` says which code reads what the files said: see `program-digest.ts`. */
export function openParsedStore(disk: Disk, path: string, digest: () => string): ParsedStore {
  // Right after the start, before the program can be replaced. Should it fail, whoever reads or keeps is told.
  const program = new Promise<string>((resolve) => resolve(digest()));
  program.catch(() => undefined);
  /** What stands in the file, and where its last whole frame ends; null: unknown, so the next time all of it is written. */
  let there: { readonly keys: Set<string>; end: number } | null = null;

  return {
    async read() {
      await sweepTemporaries(dirname(path), disk);
      const bytes = await readWhole(disk, path);
      const head = Buffer.from(headOf(await program));
      const files = new Map<string, ParsedFile>();
      if (bytes === null || !bytes.subarray(0, head.length).equals(head)) return files;
      const keys = new Set<string>();
      const slice = beginSlice(() => performance.now());
      let end = head.length;
      for (;;) {
        const frame = frameAt(bytes, end);
        if (frame === null) break;
        for (const kept of frame.kept) {
          keys.add(nameOf(kept));
          files.set(keyOf(kept.file.path, kept.file.blob), kept.file); // a later one has the newer readings
          remember(kept);
        }
        end = frame.end;
        await pause(slice);
      }
      there = end === bytes.length ? { keys, end } : null;
      return files;
    },

    async keep(files, signal) {
      const right = [...files.values()].filter(({ content }) => content !== null).map(keptOf);
      const known = there;
      there = null;
      const fresh = known === null ? right : right.filter((kept) => !known.keys.has(nameOf(kept)));
      if (known !== null && fresh.length === 0) {
        there = known;
        return;
      }
      const total = (known?.keys.size ?? 0) + fresh.length;
      if (known !== null && total <= right.length * 2 && (await sizeOf(disk, path)) === known.end) {
        known.end += await append(disk, path, framesOf(fresh, signal));
        for (const kept of fresh) known.keys.add(nameOf(kept));
        there = known;
        return;
      }
      const head = Buffer.from(headOf(await program));
      let end = head.length;
      const chunks = async function* (): AsyncGenerator<Uint8Array> {
        yield head;
        for await (const frame of framesOf(right, signal)) {
          end += frame.length;
          yield frame;
        }
      };
      await writeFileAtomic(path, chunks(), { disk });
      there = { keys: new Set(right.map(nameOf)), end };
    },
  };
}

/** A file, and what its associations were read and worked out as, should that be known. */
type KeptFile = {
  readonly file: ParsedFile;
  readonly readings: Readings | null;
  /** As many as readings. */
  readonly workings: readonly (Workings | null)[];
};

function keptOf(file: ParsedFile): KeptFile {
  const readings = readingsOf(file);
  if (readings === null) return { file, readings, workings: [] };
  const { ground } = readings;
  const workings = readings.readings.map(({ association }) =>
    association === null ? null : workingsOf(association, ground),
  );
  return { file, readings, workings };
}

function remember({ file, readings, workings }: KeptFile): void {
  if (readings === null) return;
  rememberReadings(file, readings);
  for (const [at, { association }] of readings.readings.entries()) {
    const known = workings[at] ?? null;
    if (association !== null && known !== null)
      rememberWorkings(association, readings.ground, known);
  }
}

const nameOf = ({ file, readings }: KeptFile): string =>
  `${keyOf(file.path, file.blob)}\0${readings?.ground ?? ''}`;

const headOf = (program: string): string => `reconciled: what files said, 2 ${program}\n`;

/** A frame is its length, its checksum, and kept files as V8 writes values. */
const FRAME_HEAD_BYTES = 8;
const FILES_PER_FRAME = 100;
/** The limits table allows 64 MiB of files; what is larger than this is not ours. */
const BYTES_MAX = 512 << 20;

/** Null: nothing whole stands there. */
function frameAt(
  bytes: Buffer,
  at: number,
): { readonly kept: readonly KeptFile[]; readonly end: number } | null {
  if (bytes.length - at < FRAME_HEAD_BYTES) return null;
  const from = at + FRAME_HEAD_BYTES;
  const end = from + bytes.readUInt32BE(at);
  if (end > bytes.length) return null;
  const payload = bytes.subarray(from, end);
  if (crc32(payload) !== bytes.readUInt32BE(at + 4)) return null;
  // The checksum vouches for what we wrote ourselves, and the head for its shape.
  return { kept: deserialize(payload) as readonly KeptFile[], end };
}

async function* framesOf(
  files: readonly KeptFile[],
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const slice = beginSlice(() => performance.now());
  for (let at = 0; at < files.length; at += FILES_PER_FRAME) {
    signal.throwIfAborted();
    const payload = serialize(files.slice(at, at + FILES_PER_FRAME));
    const head = Buffer.alloc(FRAME_HEAD_BYTES);
    head.writeUInt32BE(payload.length, 0);
    head.writeUInt32BE(crc32(payload), 4);
    yield Buffer.concat([head, payload]);
    await pause(slice);
  }
}

async function pause(slice: Slice): Promise<void> {
  if (!slice.isOver()) return;
  await nextTurn();
  slice.begin();
}

async function readWhole(disk: Disk, path: string): Promise<Buffer | null> {
  const reader = await disk.openRead(path);
  if (reader === null) return null;
  try {
    if (reader.size > BYTES_MAX) return null;
    const bytes = Buffer.allocUnsafe(reader.size);
    return bytes.subarray(0, await reader.read(bytes, 0));
  } finally {
    await reader.close();
  }
}

async function sizeOf(disk: Disk, path: string): Promise<number | null> {
  const reader = await disk.openRead(path);
  await reader?.close();
  return reader?.size ?? null;
}

/** Without a sync: what a power cut tears off is parsed again. The bytes that were added. */
async function append(
  disk: Disk,
  path: string,
  chunks: AsyncIterable<Uint8Array>,
): Promise<number> {
  const writer = await disk.openAppend(path, 0o600);
  let bytes = 0;
  try {
    for await (const chunk of chunks) {
      await writer.write(chunk);
      bytes += chunk.length;
    }
  } finally {
    await writer.close();
  }
  return bytes;
}
