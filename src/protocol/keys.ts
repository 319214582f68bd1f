import type { KeyObject } from 'node:crypto';
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import type { NodeId } from '../core/model/brand.ts';
import { nodeId } from '../core/model/brand.ts';
import { ReconcileError } from '../core/model/errors.ts';

/** An Ed25519 public key as it is written everywhere: `ed25519:` and the base64 of the raw 32 bytes. */
export type PublicKeyText = string;

export type Identity = {
  readonly publicKey: PublicKeyText;
  /** Never leaves the process but for its own file. */
  readonly privateKey: KeyObject;
};

const textPrefix = 'ed25519:';
/** What precedes the raw key in a SubjectPublicKeyInfo of Ed25519 (RFC 8410). */
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');
const rawBytes = 32;

export function makeIdentity(): Identity {
  return identityOf(generateKeyPairSync('ed25519').privateKey);
}

/** @throws ReconcileError KEY_UNREADABLE (retry `never`) unless `pem` is a PKCS#8 Ed25519 key */
export function identityFromPem(pem: string): Identity {
  const privateKey = readPrivateKey(pem);
  if (privateKey?.asymmetricKeyType !== 'ed25519') {
    throw new ReconcileError('KEY_UNREADABLE', 'not an Ed25519 private key in PEM (PKCS#8)', {
      retry: 'never',
    });
  }
  return identityOf(privateKey);
}

/** PEM (PKCS#8): what the key's file holds. */
export function identityToPem(identity: Identity): string {
  return identity.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** Null unless the text is exactly what `identityOf` prints. */
export function parsePublicKey(text: PublicKeyText): KeyObject | null {
  const raw = rawKey(text);
  if (raw === null) return null;
  return createPublicKey({ key: Buffer.concat([spkiPrefix, raw]), format: 'der', type: 'spki' });
}

export const isPublicKeyText = (text: string): boolean => rawKey(text) !== null;

/** What secrets are encrypted for: the recipient of an age identity. Its checksum is judged where it is used. */
export const isRecipient = (text: string): boolean =>
  text.length <= 4_096 && /^age1(pq1)?[02-9ac-hj-np-z]{58,}$/.test(text);

/**
 * `mi-` and the first 17 hex digits of the SHA-256 of the raw key (contract §6): the same key is the same node.
 * Null when the text is no public key.
 */
export function nodeIdOf(text: PublicKeyText): NodeId | null {
  const raw = rawKey(text);
  if (raw === null) return null;
  return nodeId(`mi-${createHash('sha256').update(raw).digest('hex').slice(0, 17)}`);
}

function identityOf(privateKey: KeyObject): Identity {
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  const raw = spki.subarray(spki.length - rawBytes);
  return { publicKey: textPrefix + raw.toString('base64'), privateKey };
}

function rawKey(text: PublicKeyText): Buffer | null {
  if (!text.startsWith(textPrefix)) return null;
  const base64 = text.slice(textPrefix.length);
  const raw = Buffer.from(base64, 'base64');
  // One spelling per key: anything that Buffer would read leniently is refused.
  return raw.length === rawBytes && raw.toString('base64') === base64 ? raw : null;
}

function readPrivateKey(pem: string): KeyObject | null {
  try {
    return createPrivateKey(pem);
  } catch {
    return null; // the caller says what was expected; OpenSSL's text helps nobody
  }
}
