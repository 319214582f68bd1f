/**
 * What is signed, and how it is told apart: each text begins with a line of its own, so a signature over one kind of
 * message is worth nothing over another. Signatures are base64; verification is over exact bytes and never throws.
 */
import type { KeyObject } from 'node:crypto';
import { sign, verify } from 'node:crypto';
import type { NodeId } from '../core/model/brand.ts';
import type { Identity, PublicKeyText } from './keys.ts';
import { parsePublicKey } from './keys.ts';
import type { Job, SignedEnvelope } from './messages.ts';

/** Bound to the TLS keys: whoever repeats a proof must also hold the private key of one of these certificates. */
export type ProofClaim = {
  readonly instance: string;
  readonly nonce: string;
  readonly tlsKeys: readonly string[];
};

/** Bound to the connection: the nonce is fresh, and a relay would sit behind another TLS key. */
export type HelloClaim = {
  readonly instance: string;
  readonly nonce: string;
  readonly tlsKey: string;
  readonly node: NodeId;
  /** Null: the node has none, and says so. */
  readonly recipient: string | null;
};

export function signProof(daemon: Identity, claim: ProofClaim): string {
  return signText(daemon.privateKey, proofText(claim));
}

export function verifyProof(
  daemonKey: PublicKeyText,
  claim: ProofClaim,
  signature: string,
): boolean {
  return verifyText(daemonKey, proofText(claim), signature);
}

export function signHello(node: Identity, claim: HelloClaim): string {
  return signText(node.privateKey, helloText(claim));
}

export function verifyHello(nodeKey: PublicKeyText, claim: HelloClaim, signature: string): boolean {
  return verifyText(nodeKey, helloText(claim), signature);
}

/** Signed when it is handed over: `job.notAfter` counts from now. */
export function sealJob(daemon: Identity, job: Job): SignedEnvelope {
  const payload = JSON.stringify(job);
  return { payload, signature: signText(daemon.privateKey, jobText(payload)) };
}

export function verifyEnvelope(daemonKey: PublicKeyText, envelope: SignedEnvelope): boolean {
  return verifyText(daemonKey, jobText(envelope.payload), envelope.signature);
}

const proofText = ({ instance, nonce, tlsKeys }: ProofClaim): string =>
  ['reconciled daemon v1', instance, nonce, ...tlsKeys].join('\n');
const helloText = ({ instance, nonce, tlsKey, node, recipient }: HelloClaim): string =>
  ['reconciled agent v1', instance, nonce, tlsKey, node, recipient ?? ''].join('\n');
const jobText = (payload: string): string => `reconciled job v1\n${payload}`;

const signText = (key: KeyObject, text: string): string =>
  sign(null, Buffer.from(text), key).toString('base64');

/** Whether `signature`, in base64, is that of this key over the whole of `text`. */
export function verifyText(publicKey: PublicKeyText, text: string, signature: string): boolean {
  const key = keyOf(publicKey);
  return key !== null && verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64'));
}

/** An agent knows one daemon key and checks every job with it; reading a key costs as much as a tenth of a check. */
let lastKey: { readonly text: PublicKeyText; readonly key: KeyObject } | null = null;

function keyOf(text: PublicKeyText): KeyObject | null {
  if (lastKey?.text === text) return lastKey.key;
  const key = parsePublicKey(text);
  if (key !== null) lastKey = { text, key };
  return key;
}
