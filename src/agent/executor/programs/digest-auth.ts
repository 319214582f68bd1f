import { createHash } from 'node:crypto';

/** The answer to a Digest challenge (RFC 7616, qop auth, MD5 or SHA-256); null when it asks for something else. */
export function digestAuthorization(
  challenge: string,
  { username, password }: { readonly username: string; readonly password: string },
  {
    method,
    path,
    cnonce,
  }: { readonly method: string; readonly path: string; readonly cnonce: string },
): string | null {
  if (!/^digest\s/i.test(challenge)) return null;
  const given = parameters(challenge.slice('digest'.length));
  const realm = given.get('realm') ?? '';
  const nonce = given.get('nonce');
  const algorithm = given.get('algorithm') ?? 'MD5';
  const name = algorithms[algorithm.toUpperCase()];
  if (nonce === undefined || name === undefined) return null;
  const offered = given
    .get('qop')
    ?.split(',')
    .map((one) => one.trim());
  if (offered !== undefined && !offered.includes('auth')) return null;
  const hash = (text: string): string => createHash(name).update(text).digest('hex');
  const user = hash(`${username}:${realm}:${password}`);
  const wanted = hash(`${method}:${path}`);
  const count = '00000001';
  const response =
    offered === undefined
      ? hash(`${user}:${nonce}:${wanted}`)
      : hash(`${user}:${nonce}:${count}:${cnonce}:auth:${wanted}`);
  const opaque = given.get('opaque');
  return [
    `Digest username="${quoted(username)}"`,
    `realm="${quoted(realm)}"`,
    `nonce="${quoted(nonce)}"`,
    `uri="${quoted(path)}"`,
    `algorithm=${algorithm}`,
    `response="${response}"`,
    ...(offered === undefined ? [] : ['qop=auth', `nc=${count}`, `cnonce="${cnonce}"`]),
    ...(opaque === undefined ? [] : [`opaque="${quoted(opaque)}"`]),
  ].join(', ');
}

const algorithms: { readonly [name: string]: string } = { MD5: 'md5', 'SHA-256': 'sha256' };

function parameters(text: string): ReadonlyMap<string, string> {
  const found = text.slice(0, 4_096).matchAll(/([a-z]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/gi);
  return new Map(
    [...found].map(([, name = '', inQuotes, bare]) => [
      name.toLowerCase(),
      inQuotes?.replace(/\\(.)/g, '$1') ?? bare ?? '',
    ]),
  );
}

const quoted = (text: string): string => text.replace(/["\\]/g, '\\$&').replace(/[\r\n]/g, '');
