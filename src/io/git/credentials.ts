import fs from 'node:fs/promises';
import type { GitScope } from './git-error.ts';
import { gitError } from './git-error.ts';

const FILE_BYTES_MAX = 16_384;
/** Hosts take any user name beside an access token; this one also satisfies GitHub Apps. */
const TOKEN_USER = 'x-access-token';

/**
 * The `Authorization` header from a credentials file, or null without one. The file is read each time, so a rotated
 * secret needs no restart. It holds what `git credential` prints, or two lines, or just a token:
 *
 *     username=fleet-bot     |    fleet-bot     |    <token>
 *     password=<secret>      |    <secret>      |
 *
 * @throws ReconcileError <SCOPE>_AUTH when the file cannot be read or says nothing
 */
export async function readAuthorization(
  file: string | null,
  scope: GitScope,
): Promise<string | null> {
  if (file === null) return null;
  const found = parseCredentials(await readCredentialsFile(file, scope));
  if (found === null)
    throw gitError(
      scope,
      'AUTH',
      `${file} holds neither \`username=\`/\`password=\` lines nor user name and password on two lines nor one token`,
    );
  return `Basic ${Buffer.from(`${found.username}:${found.password}`).toString('base64')}`;
}

/**
 * The certificates to trust, PEM; null for the built-in ones.
 * @throws ReconcileError <SCOPE>_AUTH when the file cannot be read
 */
export async function readAuthorities(remote: {
  readonly caFile?: string | null;
  readonly scope: GitScope;
}): Promise<string | null> {
  const { caFile = null, scope } = remote;
  if (caFile === null) return null;
  try {
    return await fs.readFile(caFile, 'utf8');
  } catch (cause) {
    throw gitError(scope, 'AUTH', `cannot read the certificates in ${caFile}`, cause);
  }
}

function parseCredentials(
  text: string,
): { readonly username: string; readonly password: string } | null {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const keyed = (key: string) =>
    lines.find((line) => line.startsWith(`${key}=`))?.slice(key.length + 1) ?? null;
  const password = keyed('password');
  if (password !== null) return { username: keyed('username') ?? TOKEN_USER, password };
  const [first = '', second] = lines;
  if (lines.length === 2 && second !== undefined) return { username: first, password: second };
  return lines.length === 1 && !/\s/.test(first) ? { username: TOKEN_USER, password: first } : null;
}

async function readCredentialsFile(file: string, scope: GitScope): Promise<string> {
  try {
    const { size } = await fs.stat(file);
    if (size > FILE_BYTES_MAX) throw new Error(`larger than ${FILE_BYTES_MAX} bytes`);
    return await fs.readFile(file, 'utf8');
  } catch (cause) {
    throw gitError(scope, 'AUTH', `cannot read the credentials file ${file}`, cause);
  }
}
