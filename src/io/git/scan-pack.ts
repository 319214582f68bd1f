import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { crc32, createInflate, inflateSync } from 'node:zlib';
import { DamagedObject } from './git-error.ts';
import type { ObjectKind } from './objects.ts';
import { objectId } from './objects.ts';
import { readPackEntry } from './pack-entry.ts';
import { readAt } from './pack-file.ts';

/** An entry of a pack that has no index yet. A delta has neither id nor kind until its base is known. */
export type ScannedEntry = {
  readonly offset: number;
  readonly end: number;
  readonly crc: number;
  /** Of the object, or of the instructions of a delta. */
  readonly size: number;
  readonly base: { readonly offset: number } | { readonly oid: string } | null;
  oid: string | null;
  kind: ObjectKind | null;
};

const PACK_HEAD_BYTES = 12;
/** Type, size and the name of a base fit. */
const ENTRY_HEAD_BYTES = 64;
const WINDOW_BYTES = 4 << 20;
/** Larger objects go through in pieces: they are hashed and never held. */
const WHOLE_BYTES_MAX = 1 << 20;

/**
 * What the pack `fd` of `bytes` bytes holds, in the order of the file. An object that is written in full is hashed on the
 * way, whatever its size: a file of zeros that unpacks to gigabytes costs time, and no memory.
 * @throws DamagedObject
 */
export async function scanPack(fd: number, bytes: number): Promise<readonly ScannedEntry[]> {
  const end = bytes - 20;
  const head = readAt(fd, 0, PACK_HEAD_BYTES);
  if (end < PACK_HEAD_BYTES || head.toString('latin1', 0, 4) !== 'PACK')
    throw new DamagedObject('what arrived is no pack');
  if (head.readUInt32BE(4) !== 2) throw new DamagedObject('the pack is not of version 2');
  checkTrailer(fd, end);
  const count = head.readUInt32BE(8);
  const window = openWindow(fd, end);
  const entries: ScannedEntry[] = [];
  let at = PACK_HEAD_BYTES;
  while (entries.length < count) {
    if (at >= end) throw new DamagedObject(`the pack ends after ${entries.length} of ${count}`);
    const entry = scanSmall(window, at) ?? (await scanLarge(fd, at, end));
    entries.push(entry);
    at = entry.end;
  }
  if (at !== end) throw new DamagedObject('the pack goes on after its last object');
  return entries;
}

function checkTrailer(fd: number, end: number): void {
  const hash = createHash('sha1');
  for (const part of parts(fd, 0, end)) hash.update(part);
  if (!hash.digest().equals(readAt(fd, end, 20))) throw new DamagedObject('the pack is cut');
}

function* parts(fd: number, from: number, to: number): Generator<Buffer> {
  for (let at = from; at < to; ) {
    const part = readAt(fd, at, Math.min(WINDOW_BYTES / 16, to - at));
    if (part.length === 0) throw new DamagedObject('the pack is cut');
    yield part;
    at += part.length;
  }
}

/** Bytes of the file that lie together, read a window at a time. */
type Window = (at: number, length: number) => Buffer;

function openWindow(fd: number, end: number): Window {
  let start = 0;
  let held: Buffer = Buffer.alloc(0);
  return (at, wanted) => {
    const length = Math.min(wanted, end - at);
    if (at < start || at + length > start + held.length) {
      start = at;
      held = readAt(fd, at, Math.min(WINDOW_BYTES, end - at));
    }
    return held.subarray(at - start, at - start + length);
  };
}

/** Null when it is large, or packed in more bytes than a compressor needs. */
function scanSmall(window: Window, offset: number): ScannedEntry | null {
  const head = readPackEntry(window(offset, ENTRY_HEAD_BYTES), 0, offset);
  if (head.size > WHOLE_BYTES_MAX) return null;
  const bytes = window(offset, head.dataAt + deflatedMax(head.size));
  const inflated = inflateFront(bytes.subarray(head.dataAt), head.size);
  if (inflated === null) return null;
  const length = head.dataAt + inflated.taken;
  return {
    ...placeOf(head),
    offset,
    end: offset + length,
    crc: crc32(bytes.subarray(0, length)),
    oid: head.form === 'full' ? objectId(head.kind, inflated.bytes) : null,
  };
}

type Head = ReturnType<typeof readPackEntry>;

function placeOf(head: Head): Pick<ScannedEntry, 'size' | 'base' | 'kind'> {
  const { size } = head;
  if (head.form === 'full') return { size, base: null, kind: head.kind };
  const base = head.form === 'ofs-delta' ? { offset: head.baseOffset } : { oid: head.baseOid };
  return { size, base, kind: null };
}

/** zlib's own bound, with room for its head and a stored block. */
const deflatedMax = (size: number): number => size + (size >>> 10) + 128;

/** The object at the front of `data` and how many bytes it took; null when it does not end within them. */
function inflateFront(
  data: Uint8Array,
  size: number,
): { readonly bytes: Uint8Array; readonly taken: number } | null {
  try {
    const options = { chunkSize: Math.max(64, size + 1), maxOutputLength: size + 1, info: true };
    // With `info` it answers more than its type says: only the engine knows where the compressed data ended.
    const { buffer, engine } = inflateSync(data, options) as unknown as {
      readonly buffer: Buffer;
      readonly engine: { readonly bytesWritten: number };
    };
    if (buffer.length === size) return { bytes: buffer, taken: engine.bytesWritten };
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'Z_BUF_ERROR') return null;
    throw new DamagedObject('compressed data', cause);
  }
  throw new DamagedObject(`object is not ${size} bytes long`);
}

async function scanLarge(fd: number, offset: number, packEnd: number): Promise<ScannedEntry> {
  const head = readPackEntry(readAt(fd, offset, ENTRY_HEAD_BYTES), 0, offset);
  const hash = createHash('sha1').update(head.form === 'full' ? `${head.kind} ${head.size}\0` : '');
  const source = Readable.from(parts(fd, offset + head.dataAt, packEnd), { objectMode: false });
  const inflate = createInflate({ chunkSize: WINDOW_BYTES / 16 });
  source.on('error', (error) => inflate.destroy(error));
  source.pipe(inflate);
  let size = 0;
  try {
    for await (const part of inflate as AsyncIterable<Buffer>) {
      size += part.length;
      if (size > head.size) break;
      hash.update(part);
    }
  } catch (cause) {
    throw new DamagedObject('compressed data', cause);
  } finally {
    source.destroy();
  }
  if (size !== head.size) throw new DamagedObject(`object is not ${head.size} bytes long`);
  const end = offset + head.dataAt + inflate.bytesWritten;
  let crc = 0;
  for (const part of parts(fd, offset, end)) crc = crc32(part, crc);
  const oid = head.form === 'full' ? hash.digest('hex') : null;
  return { ...placeOf(head), offset, end, crc, oid };
}
