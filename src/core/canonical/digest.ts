import { hash } from 'node:crypto';
import type { BlobId, Digest } from '../model/brand.ts';
import { blobId, digest } from '../model/brand.ts';
import { canonicalJson } from './json.ts';

/** SHA-256 of the canonical JSON of `value`. @throws as `canonicalJson` does */
export function digestOf(value: unknown): Digest {
  return digest(sha256Hex(canonicalJson(value)));
}

/** SHA-256 in lower-case hex; text is hashed as UTF-8. */
export function sha256Hex(data: Uint8Array | string): string {
  return hash('sha256', data, 'hex');
}

/** The object id that Git gives a blob with these bytes. */
export function gitBlobId(bytes: Uint8Array): BlobId {
  return blobId(hash('sha1', Buffer.concat([Buffer.from(`blob ${bytes.length}\0`), bytes]), 'hex'));
}
