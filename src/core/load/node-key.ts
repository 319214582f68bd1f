import { sha256Hex } from '../canonical/digest.ts';
import type { NodeId } from '../model/brand.ts';
import { nodeId } from '../model/brand.ts';

/** 32 bytes as base64 has them, and no other text for the same: the last digit carries four bits. */
const KEY = /^ed25519:[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;

/** The id that follows from a public key, `ed25519:` and base64 of the raw 32 bytes (contract §6); null for other text. */
export function nodeIdOfKey(publicKey: string): NodeId | null {
  if (!KEY.test(publicKey)) return null;
  const raw = Buffer.from(publicKey.slice('ed25519:'.length), 'base64');
  return nodeId(`mi-${sha256Hex(raw).slice(0, 17)}`);
}
