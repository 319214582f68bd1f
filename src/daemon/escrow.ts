/**
 * Secrets that were encrypted for the daemon are encrypted again, for the one node that gets the job, at the hand-over. Plain
 * texts are in this process's memory and nowhere else: not in the journal, the status branch or a log.
 */
import type { NodeId } from '../core/model/brand.ts';
import type { Job } from '../protocol/messages.ts';
import { decryptWith, encryptFor } from '../secrets/age.ts';

/** The few secrets of a fleet, opened once: a rollout would else open each as often as there are nodes. */
const OPENED_MAX = 256;

export type Wrap = (job: Job) => Promise<Job>;

export type EscrowOptions = {
  readonly identities: readonly string[];
  /** What the node's hello told, under its signature; null while it is not connected, or when it has none. */
  readonly recipientOf: (node: NodeId) => string | null;
  readonly log: (event: string, fields: { readonly [key: string]: unknown }) => void;
};

/**
 * What is for somebody else passes as it is: it may be for an identity that the node holds, which nobody here can know. Never
 * rejects for what a ciphertext or a recipient holds.
 */
export function openEscrow({ identities, recipientOf, log }: EscrowOptions): Wrap {
  const opened = new Map<string, Promise<string | null>>();

  async function open(ciphertext: string): Promise<string | null> {
    const result = await decryptWith(identities, ciphertext);
    if (result.kind === 'broken') log('secret-broken', {});
    return result.kind === 'plain' ? Buffer.from(result.bytes).toString('utf8') : null;
  }

  function openOnce(ciphertext: string): Promise<string | null> {
    const known = opened.get(ciphertext);
    if (known !== undefined) return known;
    for (const oldest of opened.keys()) {
      if (opened.size < OPENED_MAX) break;
      opened.delete(oldest);
    }
    const plain = open(ciphertext);
    opened.set(ciphertext, plain);
    return plain;
  }

  return async (job) => {
    const recipient = recipientOf(job.node);
    if (recipient === null) return job;
    const parameterStore: { [reference: string]: Job['parameterStore'][string] } = {};
    for (const [reference, entry] of Object.entries(job.parameterStore)) {
      const plain = entry.type === 'SecureString' ? await openOnce(entry.value) : null;
      const value = plain === null ? null : await encryptOrNull(recipient, plain);
      if (plain !== null && value === null) log('recipient-unusable', { node: job.node });
      parameterStore[reference] = value === null ? entry : { type: 'SecureString', value };
    }
    return { ...job, parameterStore };
  };
}

/** A node that tells nonsense gets nothing that it could open, and says so when it tries. */
async function encryptOrNull(recipient: string, plain: string): Promise<string | null> {
  try {
    return await encryptFor([recipient], plain);
  } catch {
    return null;
  }
}
