import { sha256Hex } from '../canonical/digest.ts';
import type { NodeId } from '../model/brand.ts';
import { nodeId } from '../model/brand.ts';

/** The id that follows from a public key, `ed25519:` and base64 of the raw 32 bytes (contract §6); null for other text. */
export function nodeIdOfKey(publicKey: string): NodeId | null {
  const base64 = publicKey.replace(/^ed25519:/, '');
  const raw = Buffer.from(base64, 'base64');
  if (raw.length !== 32 || `ed25519:${raw.toString('base64')}` !== publicKey) return null;
  return nodeId(`mi-${sha256Hex(raw).slice(0, 17)}`);
}
