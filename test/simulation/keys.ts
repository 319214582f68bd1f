/** Keys that are the same in every story: node ids follow from them. */
import { createHash, sign, verify } from 'node:crypto';
import type { NodeId } from '../../src/core/model/brand.ts';
import { present } from '../../src/core/model/errors.ts';
import type { Identity } from '../../src/protocol/keys.ts';
import { identityFromPem, nodeIdOf, parsePublicKey } from '../../src/protocol/keys.ts';

/** PKCS#8 of an Ed25519 key whose seed is the digest of `label`. */
function identityOf(label: string): Identity {
  const seed = createHash('sha256').update(label).digest();
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  return identityFromPem(
    `-----BEGIN PRIVATE KEY-----\n${der.toString('base64')}\n-----END PRIVATE KEY-----\n`,
  );
}

export const NODES_MAX = 12;
export const daemonIdentity = identityOf('daemon');
export const nodeIdentities: readonly Identity[] = Array.from({ length: NODES_MAX }, (_, at) =>
  identityOf(`node ${at}`),
);
export const nodeIds: readonly NodeId[] = nodeIdentities.map(({ publicKey }) =>
  present(nodeIdOf(publicKey), 'a made key has an id'),
);
export const numberOf = (node: NodeId): number => nodeIds.indexOf(node);

export const signText = (text: string): string =>
  sign(null, Buffer.from(text), daemonIdentity.privateKey).toString('base64');

export function verifyText(text: string, signature: string): boolean {
  const key = present(parsePublicKey(daemonIdentity.publicKey), 'our own key is a key');
  return verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64'));
}
