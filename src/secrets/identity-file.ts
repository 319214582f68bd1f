/** age identities in a file, as `age-keygen` writes them: one per line, comments begin with #. */
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ReconcileError } from '../core/model/errors.ts';
import { systemCode } from '../disk/errors.ts';
import { ensureDir, writeFileAtomic } from '../disk/files.ts';
import { isRecipient } from '../protocol/keys.ts';
import { makeIdentityText, recipientOf } from './age.ts';

const FILE_BYTES_MAX = 65_536;
const IDENTITY = /^AGE-SECRET-KEY-(PQ-)?1[02-9AC-HJ-NP-Z]{58,}$/;

/**
 * Every identity in the file; several, so that an old and a new one work side by side during a rotation.
 * @throws ReconcileError IDENTITY_MISSING, IDENTITY_UNREADABLE, IDENTITY_EXPOSED (retry `never`)
 */
export async function readIdentities(path: string): Promise<readonly string[]> {
  const { lines } = await readLines(path);
  return lines.filter((line) => !line.startsWith('#'));
}

/**
 * The identities in this file and the recipient of the first, made if there is none: 0600, durable before it is used.
 * @throws as `readIdentities`
 */
export async function loadOrCreateIdentityFile(path: string): Promise<{
  readonly identities: readonly string[];
  readonly recipient: string;
  readonly created: boolean;
}> {
  try {
    const { lines } = await readLines(path);
    const identities = lines.filter((line) => !line.startsWith('#'));
    return { identities, recipient: await recipientIn(lines, identities), created: false };
  } catch (cause) {
    if (!(cause instanceof ReconcileError && cause.code === 'IDENTITY_MISSING')) throw cause;
  }
  const identity = await makeIdentityText();
  const recipient = await recipientOf(identity);
  await ensureDir(dirname(path));
  await writeFileAtomic(path, `# public key: ${recipient}\n${identity}\n`, { mode: 0o600 });
  return { identities: [identity], recipient, created: true };
}

/** From the comment that every tool leaves above the identity; computed where there is none. */
async function recipientIn(
  lines: readonly string[],
  [first = '']: readonly string[],
): Promise<string> {
  const told = lines
    .slice(0, lines.indexOf(first))
    .map((line) => /^# public key: (\S+)$/.exec(line)?.[1])
    .findLast((text) => text !== undefined);
  if (told !== undefined && isRecipient(told)) return told;
  return recipientOf(first);
}

async function readLines(path: string): Promise<{ readonly lines: readonly string[] }> {
  const { text, isOpen } = await readText(path);
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const identities = lines.filter((line) => !line.startsWith('#'));
  if (identities.length === 0 || !identities.every((line) => IDENTITY.test(line)))
    throw refusal(
      'IDENTITY_UNREADABLE',
      `${path} holds no age identity (AGE-SECRET-KEY-1…) or something beside it`,
    );
  // Only now: nobody is told to shut a file that is something else.
  if (isOpen) throw refusal('IDENTITY_EXPOSED', `${path} is open to everybody; chmod 600 ${path}`);
  return { lines };
}

async function readText(
  path: string,
): Promise<{ readonly text: string; readonly isOpen: boolean }> {
  let handle: FileHandle | null = null;
  try {
    handle = await open(path, 'r');
    const found = await handle.stat();
    const { mode, size } = found;
    if (!found.isFile()) throw refusal('IDENTITY_UNREADABLE', `${path} is no file`);
    if (size > FILE_BYTES_MAX)
      throw refusal('IDENTITY_UNREADABLE', `${path} is larger than ${FILE_BYTES_MAX} bytes`);
    return { text: await handle.readFile('utf8'), isOpen: (mode & 0o007) !== 0 };
  } catch (cause) {
    if (cause instanceof ReconcileError) throw cause;
    if (systemCode(cause) === 'ENOENT')
      throw refusal('IDENTITY_MISSING', `there is no identity at ${path}`);
    throw refusal('IDENTITY_UNREADABLE', `cannot read ${path}: ${systemCode(cause)}`);
  } finally {
    await handle?.close();
  }
}

const refusal = (code: string, message: string): ReconcileError =>
  new ReconcileError(code, message, { retry: 'never', exitCode: 78 });
