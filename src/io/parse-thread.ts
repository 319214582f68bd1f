/** The thread in which files of a repository are parsed: hostile bytes can stop it, and nothing else. */
import { parentPort, workerData } from 'node:worker_threads';
import type { ParseInput } from '../core/load/parse-file.ts';
import { parseFile } from '../core/load/parse-file.ts';
import type { ParsedFile } from '../core/load/parsed.ts';
import { present } from '../core/model/errors.ts';

export type ThreadData = {
  /** One Int32: the index of the file under way, so that the other side sees which one does not end. */
  readonly progress: SharedArrayBuffer;
  readonly builtActions: readonly string[] | null;
};

export type ParseOrder = { readonly files: readonly ParseInput[] };
export type ParseReport = { readonly parsed: readonly ParsedFile[]; readonly done: boolean };

/** Results leave in groups: one message each would cost more than the parsing. */
const GROUP_FILES = 50;

const port = present(parentPort, 'this module runs in a thread');
const { progress, builtActions } = workerData as ThreadData;
const cursor = new Int32Array(progress);

port.on('message', ({ files }: ParseOrder) => {
  let group: ParsedFile[] = [];
  for (const [i, file] of files.entries()) {
    Atomics.store(cursor, 0, i);
    group.push(parseFile(file, { builtActions }));
    if (group.length < GROUP_FILES) continue;
    port.postMessage({ parsed: group, done: false } satisfies ParseReport);
    group = [];
  }
  port.postMessage({ parsed: group, done: true } satisfies ParseReport);
});
