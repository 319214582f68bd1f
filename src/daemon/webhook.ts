/** Is this body from a forge that holds the secret? Checked over the raw bytes, in constant time, before anything is parsed. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { unreachable } from '../core/model/errors.ts';

export type WebhookKey = {
  readonly provider: 'github' | 'gitlab' | 'gitea';
  readonly secret: Buffer;
};

export function isSignedPush(
  headers: IncomingHttpHeaders,
  body: Buffer,
  keys: readonly WebhookKey[],
): boolean {
  return keys.some((key) => isSignedBy(headers, body, key));
}

function isSignedBy(headers: IncomingHttpHeaders, body: Buffer, key: WebhookKey): boolean {
  if (key.secret.length === 0) return false;
  switch (key.provider) {
    case 'github':
      return same(headers['x-hub-signature-256'], `sha256=${digest(key, body)}`);
    case 'gitea':
      return same(headers['x-gitea-signature'], digest(key, body));
    case 'gitlab':
      return same(headers['x-gitlab-token'], key.secret.toString());
    default:
      return unreachable(key.provider);
  }
}

const digest = ({ secret }: WebhookKey, body: Buffer): string =>
  createHmac('sha256', secret).update(body).digest('hex');

/** Both sides are hashed first, so that neither length nor content shows in the time. */
function same(given: string | readonly string[] | undefined, wanted: string): boolean {
  if (typeof given !== 'string') return false;
  const hash = (text: string): Buffer => createHmac('sha256', 'compare').update(text).digest();
  return timingSafeEqual(hash(given), hash(wanted));
}
