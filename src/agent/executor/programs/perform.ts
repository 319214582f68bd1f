import { readFile, unlink } from 'node:fs/promises';
import { withCredentials } from '../../../core/document/download-credentials.ts';
import { ReconcileError } from '../../../core/model/errors.ts';
import { isSystemError } from '../../../disk/errors.ts';
import type { DownloadOrder } from './download.ts';
import { downloadContent } from './download.ts';
import type { Patience } from './patience.ts';
import { DownloadError } from './placed.ts';

/** What a program of ours is asked for: written by the executor, for this process only. */
export type ProgramOrder = DownloadOrder;

export type Performed = { readonly ok: boolean; readonly text: string };

const SECRET_PREFIX = 'RECONCILED_SECRET_';

/** The variable in which the program finds a secret of its order. No other program sees it: those that it starts get a clean environment. */
export const secretVariable = (field: string): string => SECRET_PREFIX + field;

/** Performs the order in `file` and removes it first: it may hold credentials. A failure is an answer. */
export async function performOrder(
  file: string,
  env: { readonly [name: string]: string | undefined },
  patience: Patience,
): Promise<Performed> {
  const order = JSON.parse(await readFile(file, 'utf8')) as ProgramOrder; // the executor wrote it
  await unlink(file);
  const secrets = Object.entries(env).flatMap(([name, value]) =>
    name.startsWith(SECRET_PREFIX) ? [[name.slice(SECRET_PREFIX.length), value ?? '']] : [],
  );
  const source = withCredentials(order.source, Object.fromEntries(secrets));
  return perform({ ...order, source }, patience);
}

export async function perform(order: ProgramOrder, patience: Patience): Promise<Performed> {
  try {
    return { ok: true, text: await downloadContent(order, patience) };
  } catch (cause) {
    // So is what the system says of a path that a document or a server chose: ENAMETOOLONG, ELOOP.
    const isAnswer = cause instanceof DownloadError || cause instanceof ReconcileError;
    if (isAnswer || isSystemError(cause)) return { ok: false, text: cause.message };
    throw cause;
  }
}
