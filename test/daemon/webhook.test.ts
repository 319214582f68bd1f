import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import test from 'node:test';
import type { WebhookKey } from '../../src/daemon/webhook.ts';
import { isSignedPush } from '../../src/daemon/webhook.ts';

const secret = Buffer.from('correct horse battery staple');
const body = Buffer.from('{"ref":"refs/heads/main"}');
const hmac = (key: Buffer | string, bytes: Buffer): string =>
  createHmac('sha256', key).update(bytes).digest('hex');
const key = (provider: WebhookKey['provider'], of: Buffer = secret): WebhookKey => ({
  provider,
  secret: of,
});

for (const { name, headers, keys, want } of [
  {
    name: 'GitHub, signed',
    headers: { 'x-hub-signature-256': `sha256=${hmac(secret, body)}` },
    keys: [key('github')],
    want: true,
  },
  {
    name: 'GitHub, another secret',
    headers: { 'x-hub-signature-256': `sha256=${hmac('x', body)}` },
    keys: [key('github')],
    want: false,
  },
  {
    name: 'GitHub, no prefix',
    headers: { 'x-hub-signature-256': hmac(secret, body) },
    keys: [key('github')],
    want: false,
  },
  {
    name: 'GitHub, SHA-1 header only',
    headers: { 'x-hub-signature': 'sha1=00' },
    keys: [key('github')],
    want: false,
  },
  {
    name: 'Gitea, signed',
    headers: { 'x-gitea-signature': hmac(secret, body) },
    keys: [key('gitea')],
    want: true,
  },
  {
    name: 'Gitea signature at a GitHub key',
    headers: { 'x-gitea-signature': hmac(secret, body) },
    keys: [key('github')],
    want: false,
  },
  {
    name: 'GitLab, token',
    headers: { 'x-gitlab-token': secret.toString() },
    keys: [key('gitlab')],
    want: true,
  },
  {
    name: 'GitLab, prefix of the token',
    headers: { 'x-gitlab-token': 'correct' },
    keys: [key('gitlab')],
    want: false,
  },
  {
    name: 'the second of two keys',
    headers: { 'x-gitlab-token': secret.toString() },
    keys: [key('github'), key('gitlab')],
    want: true,
  },
  { name: 'no key configured', headers: { 'x-gitlab-token': '' }, keys: [], want: false },
  {
    name: 'an empty secret signs nothing',
    headers: { 'x-gitlab-token': '' },
    keys: [key('gitlab', Buffer.alloc(0))],
    want: false,
  },
  {
    name: 'no header',
    headers: {},
    keys: [key('github'), key('gitea'), key('gitlab')],
    want: false,
  },
]) {
  test(`webhook: ${name}`, () => {
    assert.equal(isSignedPush(headers, body, keys), want);
  });
}
