import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import { ReconcileError } from '../core/model/errors.ts';
import type { Disk, PlaceWriter } from './disk.ts';
import { systemCode } from './errors.ts';
import { nodeDisk } from './node-disk.ts';

/** Whole bytes, text as UTF-8, or chunks one after another. */
export type Content = Uint8Array | string | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

export type WriteOptions = {
  /** Less what the umask takes; 0600 unless said otherwise. */
  readonly mode?: number;
  readonly disk?: Disk;
};

const temporarySuffix = '.tmp';

/**
 * Replaces a file so that a crash at any instruction leaves the old or the new one, whole and durable: a temporary file
 * in the same folder, synced, renamed, and the folder synced.
 * @throws ReconcileError DISK_FULL, DISK_IO (retry `backoff`); the old file then stands, unless only the last sync failed
 */
export async function writeFileAtomic(
  path: string,
  content: Content,
  options: WriteOptions = {},
): Promise<void> {
  const writer = await createAtomic(path, content, options);
  await writer.close();
}

/** `writeFileAtomic` that leaves the new file open, to be written on. */
export async function createAtomic(
  path: string,
  content: Content,
  { mode = 0o600, disk = nodeDisk }: WriteOptions = {},
): Promise<PlaceWriter> {
  const temporary = `${path}.${randomUUID()}${temporarySuffix}`;
  const writer = await disk.create(temporary, mode);
  try {
    for await (const chunk of chunksOf(content)) await writer.write(chunk);
    await writer.sync();
    await disk.rename(temporary, path);
    await disk.syncDir(dirname(path));
    return writer;
  } catch (cause) {
    // What cannot be tidied now is left to `sweepTemporaries`; the first failure is the one to report.
    await Promise.allSettled([writer.close(), disk.remove(temporary)]);
    throw cause;
  }
}

/** Removes what writers that were killed left in this folder. Only for who holds the folder's lock. */
export async function sweepTemporaries(dir: string, disk: Disk = nodeDisk): Promise<void> {
  for (const name of await disk.list(dir)) {
    if (name.endsWith(temporarySuffix)) await disk.remove(join(dir, name));
  }
}

/** Removes a file for good; an absent one is fine. */
export async function removeFile(path: string, disk: Disk = nodeDisk): Promise<void> {
  await disk.remove(path);
  await disk.syncDir(dirname(path));
}

/** The folder and its missing parents, durable. The mode counts for those that are created. */
export async function ensureDir(
  path: string,
  { mode = 0o700, disk = nodeDisk }: WriteOptions = {},
): Promise<void> {
  const parent = dirname(path);
  let made = await disk.makeDir(path, mode);
  if (made === 'no-parent') {
    await ensureDir(parent, { mode, disk });
    made = await disk.makeDir(path, mode);
  }
  if (parent === path) return;
  try {
    // Also when it existed: whoever made it may have been killed before this sync.
    await disk.syncDir(parent);
  } catch (failure) {
    // We cannot have made it in a folder closed to us (systemd's /var/lib/private is one).
    if (made !== 'exists' || !isDenied(failure)) throw failure;
  }
}

function isDenied(failure: unknown): boolean {
  const code = failure instanceof ReconcileError ? systemCode(failure.cause) : null;
  return code === 'EACCES' || code === 'EPERM';
}

function chunksOf(content: Content): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
  if (typeof content === 'string') return [Buffer.from(content)];
  return content instanceof Uint8Array ? [content] : content;
}
