/** Files that commands about documents are given: by name, `-` for standard input, folders for what lies in them. */
import { open, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { DOCUMENT_BYTES_READ_MAX } from '../../core/document/source.ts';
import { ReconcileError } from '../../core/model/errors.ts';
import { compareText } from '../../core/model/problem.ts';
import type { Context } from '../command.ts';
import { usage } from '../command.ts';

export type Source = {
  /** As given; `-` for standard input. */
  readonly file: string;
  /** Null when its bytes are no UTF-8. */
  readonly text: string | null;
};

/** @throws ReconcileError FILE_UNREADABLE */
export async function readSource(file: string, { stdin }: Pick<Context, 'stdin'>): Promise<Source> {
  const bytes = file === '-' ? await readStream(stdin()) : await readHead(file);
  return { file, text: decode(bytes) };
}

async function readHead(file: string): Promise<Uint8Array> {
  try {
    const handle = await open(file, 'r');
    try {
      return await readStream(
        handle.createReadStream({ end: DOCUMENT_BYTES_READ_MAX, autoClose: false }),
      );
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

async function readStream(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > DOCUMENT_BYTES_READ_MAX) break;
  }
  return Buffer.concat(chunks);
}

/** A byte-order mark stays: JSON refuses it, YAML passes over it. */
function decode(bytes: Uint8Array): string | null {
  // Cut in the middle of a character, a text that is too large anyway would be told to be no UTF-8.
  if (bytes.length > DOCUMENT_BYTES_READ_MAX) return Buffer.from(bytes).toString();
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null; // the caller makes a problem of it
  }
}

const FILES_MAX = 100_000;

/** Folders become the documents in them, sorted; symbolic links in folders are not followed. */
export async function expandFolders(names: readonly string[]): Promise<readonly string[]> {
  const files: string[] = [];
  for (const name of names) {
    if (name !== '-' && (await isFolder(name))) files.push(...(await documentsBelow(name)));
    else files.push(name);
  }
  if (files.filter((file) => file === '-').length > 1) throw usage('- is given twice');
  if (files.length === 0) throw usage(`no .yaml, .yml or .json in ${names.join(', ')}`);
  return files;
}

async function isFolder(name: string): Promise<boolean> {
  try {
    return (await stat(name)).isDirectory();
  } catch (cause) {
    throw unreadable(name, cause);
  }
}

async function documentsBelow(folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  const waiting = [folder];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const entry of await readdir(next, { withFileTypes: true })) {
      const file = path.join(next, entry.name);
      if (entry.isDirectory() && entry.name !== '.git') waiting.push(file);
      // Stands beside numbered documents and is none.
      else if (
        entry.isFile() &&
        /\.(ya?ml|json)$/.test(entry.name) &&
        !/^metadata\./.test(entry.name)
      )
        found.push(file);
      if (found.length > FILES_MAX) throw usage(`${folder} holds more than ${FILES_MAX} documents`);
    }
  }
  return found.sort(compareText);
}

function unreadable(file: string, cause: unknown): ReconcileError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new ReconcileError('FILE_UNREADABLE', `cannot read ${file}: ${why}`, {
    retry: 'never',
    cause,
  });
}
