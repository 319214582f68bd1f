/** Keys that are the same in every story: node ids follow from them. */
import { createHash } from 'node:crypto';
import { sha256Hex } from '../../src/core/canonical/digest.ts';
import type { NodeId } from '../../src/core/model/brand.ts';
import { present } from '../../src/core/model/errors.ts';
import type { Identity } from '../../src/protocol/keys.ts';
import { identityFromPem, nodeIdOf } from '../../src/protocol/keys.ts';
import type { Job, SignedEnvelope } from '../../src/protocol/messages.ts';

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

/**
 * A digest with a secret stands for the daemon's signature: it binds a text as well, at a fortieth of the cost. Keys and signatures
 * themselves are the business of test/protocol and of the agents in test/real.
 */
export const signText = (text: string): string => sha256Hex(`the daemon's secret\n${text}`);

export const verifyText = (text: string, signature: string): boolean =>
  signText(text) === signature;

export function sealJob(job: Job): SignedEnvelope {
  const payload = JSON.stringify(job);
  return { payload, signature: signText(`job ${payload}`) };
}

export const isSealed = ({ payload, signature }: SignedEnvelope): boolean =>
  verifyText(`job ${payload}`, signature);
