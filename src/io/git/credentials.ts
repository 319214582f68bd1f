import fs from 'node:fs/promises';
import type { GitScope } from './git-error.ts';
import { gitError } from './git-error.ts';

const FILE_BYTES_MAX = 16_384;
/** Hosts take any user name beside an access token; this one also satisfies GitHub Apps. */
const TOKEN_USER = 'x-access-token';

/**
 * The `Authorization` header from a credentials file, or null without one. The file is read each time, so a rotated
 * secret needs no restart. Its format is what `git credential` prints, or just a token:
 *
 *     username=fleet-bot          |    one line: the token
 *     password=…                  |
 *
 * Other keys are ignored.
 * @throws ReconcileError <SCOPE>_AUTH when the file cannot be read or says nothing
 */
export async function readAuthorization(
  file: string | null,
  scope: GitScope,
): Promise<string | null> {
  if (file === null) return null;
  const text = await readCredentialsFile(file, scope);
  const pairs = new Map(
    [...text.matchAll(/^(\w+)=(.*)$/gm)].map((match) => [
      match[1] ?? '',
      (match[2] ?? '').trimEnd(),
    ]),
  );
  const password = pairs.get('password') ?? (/^\S+$/.test(text.trim()) ? text.trim() : '');
  if (password === '')
    throw gitError(
      scope,
      'AUTH',
      `${file} holds neither \`username=\`/\`password=\` lines nor one token`,
    );
  const user = pairs.get('username') ?? TOKEN_USER;
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
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
