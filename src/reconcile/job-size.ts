import type { SignedEnvelope } from '../protocol/messages.ts';
import { MESSAGE_BYTES_MAX } from '../protocol/messages.ts';

/** Around the envelope: kind and keys. */
const FRAME_BYTES = 64;

/**
 * Why no agent would read this job; null when one does. A larger message closes the session, and the job would be offered
 * again as soon as the node is back, for ever.
 */
export function whyTooLarge(envelope: SignedEnvelope): string | null {
  // The payload is JSON already, so a character of it has at most three bytes in the message.
  if (envelope.payload.length * 3 + 1_024 <= MESSAGE_BYTES_MAX) return null;
  const bytes = Buffer.byteLength(JSON.stringify(envelope)) + FRAME_BYTES;
  if (bytes <= MESSAGE_BYTES_MAX) return null;
  return `the job has ${bytes} bytes with its documents and parameters; an agent reads at most ${MESSAGE_BYTES_MAX}`;
}
