import { isOurs } from '../../core/load/kinds.ts';
import type { BlobId } from '../../core/model/brand.ts';
import { blobId, commitId } from '../../core/model/brand.ts';
import { ReconcileError } from '../../core/model/errors.ts';
import type { Snapshot } from '../../reconcile/ports.ts';
import { listTree } from '../git/list-tree.ts';
import type { ObjectReader } from '../git/object-reader.ts';
import { readCommit } from '../git/object-reader.ts';
import { ObjectTooLarge } from '../git/pack-file.ts';

/** Limits table: what one source may weigh. */
export const SOURCE_LIMITS = {
  filesMax: 20_000,
  totalBytesMax: 64 << 20,
  fileBytesMax: 256 << 10,
  configBytesMax: 1 << 20,
} as const;

const SOURCE_TREE_LIMITS = { filesMax: SOURCE_LIMITS.filesMax, depthMax: 64 };

/** `reconciled.yaml` may be larger than other files. */
export const fileBytesMax = (path: string): number =>
  /^reconciled\.ya?ml$/.test(path) ? SOURCE_LIMITS.configBytesMax : SOURCE_LIMITS.fileBytesMax;

/** Our files in the tree of one commit below `folder`; bytes are read when they are asked for. */
export async function snapshotOf(
  reader: ObjectReader,
  commit: string,
  folder: string,
): Promise<Snapshot> {
  const { tree } = await readCommit(reader, commit);
  const listed = await listTree(reader, tree, folder, SOURCE_TREE_LIMITS, isOurs);
  const bytesMaxOf = new Map<string, number>();
  for (const file of listed)
    bytesMaxOf.set(file.oid, Math.max(bytesMaxOf.get(file.oid) ?? 0, fileBytesMax(file.path)));
  return {
    commit: commitId(commit),
    files: listed.map((file) => ({ path: file.path, blob: blobId(file.oid), kind: file.kind })),
    read: (blob) =>
      readBlobLimited(reader, blob, bytesMaxOf.get(blob) ?? SOURCE_LIMITS.fileBytesMax),
  };
}

/** @throws ReconcileError BLOB_MISSING, BLOB_TOO_LARGE */
export async function readBlobLimited(
  reader: ObjectReader,
  blob: BlobId,
  bytesMax: number,
): Promise<Uint8Array> {
  try {
    const object = await reader.read(blob, bytesMax);
    if (object?.kind === 'blob') return object.bytes;
  } catch (error) {
    if (error instanceof ObjectTooLarge) throw blobTooLarge(blob, error.size, bytesMax);
    throw error;
  }
  throw blobMissing(blob);
}

export function blobMissing(blob: BlobId): ReconcileError {
  return new ReconcileError('BLOB_MISSING', `blob ${blob} is not in the repository`, {
    retry: 'next-pass',
  });
}

export function blobTooLarge(blob: BlobId, size: number, bytesMax: number): ReconcileError {
  return new ReconcileError(
    'BLOB_TOO_LARGE',
    `blob ${blob} has ${size} bytes, more than the ${bytesMax} a file may have`,
    { retry: 'next-pass' },
  );
}

/** @throws DamagedObject when the tree or a blob of it is not here: a fetch that was cut */
export function missingBlobs(reader: ObjectReader, snapshot: Snapshot): readonly string[] {
  return snapshot.files
    .filter((file) => file.kind !== 'submodule' && !reader.has(file.blob))
    .map((file) => file.path);
}
