import { readFile, unlink } from 'node:fs/promises';
import { ReconcileError } from '../../../core/model/errors.ts';
import type { DownloadOrder } from './download.ts';
import { downloadContent } from './download.ts';
import { DownloadError } from './placed.ts';

/** What a program of ours is asked for: written by the executor, for this process only. */
export type ProgramOrder = DownloadOrder;

export type Performed = { readonly ok: boolean; readonly text: string };

/** Performs the order in `file` and removes it first: it may hold credentials. A failure is an answer. */
export async function performOrder(file: string, signal: AbortSignal): Promise<Performed> {
  const order = JSON.parse(await readFile(file, 'utf8')) as ProgramOrder; // the executor wrote it
  await unlink(file);
  return perform(order, signal);
}

export async function perform(order: ProgramOrder, signal: AbortSignal): Promise<Performed> {
  try {
    return { ok: true, text: await downloadContent(order, signal) };
  } catch (cause) {
    if (cause instanceof DownloadError || cause instanceof ReconcileError)
      return { ok: false, text: cause.message };
    throw cause;
  }
}
