import type { Dirent } from 'node:fs';
import {
  closeSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
} from 'node:fs';
import path from 'node:path';
import { isOurs } from '../../core/load/kinds.ts';
import { blobId } from '../../core/model/brand.ts';
import { ReconcileError } from '../../core/model/errors.ts';
import { compareText } from '../../core/model/problem.ts';
import type { Snapshot, SnapshotFile } from '../../reconcile/ports.ts';
import { objectId } from '../git/objects.ts';
import { checkName } from '../git/tree-name.ts';
import { blobMissing, blobTooLarge, fileBytesMax, SOURCE_LIMITS } from './snapshot.ts';

/**
 * Our files in the folder as they lie on disk, read once so that ids and bytes agree whatever is edited meanwhile; the rest
 * of a repository may be of any size and is not looked at. Symbolic links and submodules are listed, as in a revision, and
 * never gone into; sockets and devices are passed over. Blob ids are what Git would give
 * (no line-ending conversion); a file over its limit is listed, and reading it is BLOB_TOO_LARGE.
 * @throws ReconcileError DIRECTORY_MISSING, FILE_UNREADABLE, SOURCE_TOO_LARGE (retry `never`), TREE_UNSAFE
 */
export function openDirectory(dir: string): Promise<Snapshot> {
  return new Promise((resolve) => resolve(readDirectory(dir)));
}

function readDirectory(dir: string): Snapshot {
  const files: SnapshotFile[] = [];
  const contents = new Map<string, Uint8Array>();
  const oversized = new Map<string, number>();
  let bytesTotal = 0;

  function take(relative: string, bytes: Uint8Array, kind: SnapshotFile['kind']): void {
    const blob = objectId('blob', bytes);
    files.push({ path: relative, blob: blobId(blob), kind });
    if (bytes.length > fileBytesMax(relative)) {
      oversized.set(blob, bytes.length);
      return;
    }
    if (!contents.has(blob)) bytesTotal += bytes.length;
    contents.set(blob, bytes);
    if (files.length > SOURCE_LIMITS.filesMax)
      throw tooLarge(dir, `more than ${SOURCE_LIMITS.filesMax} files`);
    if (bytesTotal > SOURCE_LIMITS.totalBytesMax)
      throw tooLarge(dir, `more than ${SOURCE_LIMITS.totalBytesMax >> 20} MiB`);
  }

  function descend(prefix: string): void {
    const entries = listFolder(path.join(dir, prefix));
    // Git would not send what is in another repository, whoever cloned it here.
    if (prefix !== '' && entries.some((entry) => entry.name === '.git')) {
      take(prefix.slice(0, -1), NOTHING, 'submodule');
      return;
    }
    for (const entry of entries) {
      if (prefix === '' && !isOurs(entry.name)) continue;
      if (entry.name === '.git') continue;
      const relative = prefix + checkName(entry.name, prefix);
      const file = path.join(dir, relative);
      if (entry.isSymbolicLink()) take(relative, Buffer.from(readlinkSync(file)), 'symlink');
      else if (entry.isDirectory()) descend(`${relative}/`);
      else if (entry.isFile()) take(relative, readPlainFile(dir, file), 'file');
    }
  }

  descend('');
  files.sort((a, b) => compareText(a.path, b.path));
  return {
    commit: null,
    files,
    read(blob) {
      const bytes = contents.get(blob);
      if (bytes !== undefined) return Promise.resolve(bytes);
      const size = oversized.get(blob);
      if (size === undefined) return Promise.reject(blobMissing(blob));
      return Promise.reject(blobTooLarge(blob, size, SOURCE_LIMITS.fileBytesMax));
    },
  };
}

/** Which commit a submodule is at is in the index, and decides nothing. */
const NOTHING = new Uint8Array();

function listFolder(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (cause) {
    throw new ReconcileError('DIRECTORY_MISSING', `cannot read the folder ${folder}`, {
      retry: 'never',
      cause,
    });
  }
}

/** Written over by each file: nearly all of ten thousand fit, and are read without asking for their size. */
const scratch = Buffer.alloc(64 << 10);

/** Of others the size is looked at first: what is huge is refused before it is in memory. */
function readPlainFile(dir: string, file: string): Buffer {
  const fd = openPlainFile(file);
  try {
    let end = 0;
    for (;;) {
      const count = readSync(fd, scratch, end, scratch.length - end, end);
      if (count === 0 && end < scratch.length) return Buffer.from(scratch.subarray(0, end));
      if (count === 0) break;
      end += count;
    }
    if (fstatSync(fd).size > SOURCE_LIMITS.totalBytesMax)
      throw tooLarge(dir, `${file} is over 64 MiB`);
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}

function openPlainFile(file: string): number {
  try {
    return openSync(file, 'r');
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException;
    throw new ReconcileError('FILE_UNREADABLE', `cannot read ${file}: ${code}`, {
      retry: 'never',
      cause,
    });
  }
}

function tooLarge(dir: string, what: string): ReconcileError {
  return new ReconcileError(
    'SOURCE_TOO_LARGE',
    `${dir} holds too much (${what}); name the folder that holds associations/ and documents/`,
    { retry: 'never' },
  );
}
