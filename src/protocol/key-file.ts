import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ReconcileError } from '../core/model/errors.ts';
import { systemCode } from '../disk/errors.ts';
import { ensureDir, writeFileAtomic } from '../disk/files.ts';
import type { Identity } from './keys.ts';
import { identityFromPem, identityToPem, makeIdentity } from './keys.ts';

/**
 * The key in this file. `ifMissing`: what whoever needs it can do.
 * @throws ReconcileError KEY_MISSING, KEY_UNREADABLE (retry `never`)
 */
export async function loadKeyFile(path: string, ifMissing?: string): Promise<Identity> {
  const pem = await readPem(path);
  if (pem === null) {
    const remedy = ifMissing === undefined ? '' : `; ${ifMissing}`;
    throw new ReconcileError('KEY_MISSING', `there is no key at ${path}${remedy}`, {
      retry: 'never',
    });
  }
  try {
    return identityFromPem(pem);
  } catch (cause) {
    throw new ReconcileError('KEY_UNREADABLE', `${path} holds no Ed25519 private key in PEM`, {
      retry: 'never',
      cause,
    });
  }
}

/** The key in this file, made first if there is none: 0600, durable before it is used. */
export async function loadOrCreateKeyFile(
  path: string,
): Promise<{ readonly identity: Identity; readonly created: boolean }> {
  if ((await readPem(path)) !== null) return { identity: await loadKeyFile(path), created: false };
  await ensureDir(dirname(path));
  const identity = makeIdentity();
  await writeFileAtomic(path, identityToPem(identity), { mode: 0o600 });
  return { identity, created: true };
}

async function readPem(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return null;
    throw new ReconcileError('KEY_UNREADABLE', `cannot read ${path}: ${systemCode(cause)}`, {
      retry: 'never',
      cause,
    });
  }
}
