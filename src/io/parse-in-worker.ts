import type { Worker } from 'node:worker_threads';
import type { ParseInput } from '../core/load/parse-file.ts';
import { wholeFileProblem } from '../core/load/parse-file.ts';
import type { ParsedFile } from '../core/load/parsed.ts';
import { ReconcileError } from '../core/model/errors.ts';
import { moduleBeside, startThread } from '../threads/thread.ts';
import { oneAtATime } from '../waiting/one-at-a-time.ts';
import type { ParseOrder, ParseReport, ThreadData } from './parse-thread.ts';

export type ParserOptions = {
  /** Longest that one file may take. */
  readonly deadlineMs: number;
  readonly builtActions: readonly string[] | null;
};

export type Parser = {
  /** Starts the thread now, so that it is there when the first file comes. */
  start(): void;
  /**
   * What each file says, in the order given. A file that takes longer than the deadline, or more memory than a thread
   * has, is the problem `too-complex`; the others are read by a new thread.
   */
  parse(files: readonly ParseInput[], signal: AbortSignal): Promise<readonly ParsedFile[]>;
  close(): Promise<void>;
};

/** spec/reliability-security.md §9. */
const HEAP_MIB_MAX = 128;
/** The first file of a thread also pays for starting it. */
const THREAD_START_MS = 10_000;

/** The thread is kept for the next load, started anew when it is lost, and does not keep the process alive. */
export function openParser({ deadlineMs, builtActions }: ParserOptions): Parser {
  const progress = new SharedArrayBuffer(4);
  let thread: Worker | null = null;
  /** It has not answered yet: what it is given first also pays for its start. */
  let isFresh = true;
  const closing = new AbortController();
  /** One order at a time: two that wait for answers of one thread would take each other's. */
  const inTurn = oneAtATime();

  function start(): Worker {
    const order: ThreadData = { progress, builtActions };
    const module = moduleBeside('parse-thread', import.meta.url);
    const worker = startThread(module, { order, heapMibMax: HEAP_MIB_MAX });
    worker.unref();
    worker.on('error', () => undefined); // it exits then, which is looked at
    worker.on('exit', () => {
      if (thread === worker) thread = null;
    });
    worker.once('message', () => {
      if (thread === worker) isFresh = false;
    });
    thread = worker;
    isFresh = true;
    return worker;
  }

  /** Parses until the end or until a file does not end; the answer is a prefix of `files`. */
  async function attempt(
    files: readonly ParseInput[],
    signal: AbortSignal,
  ): Promise<readonly ParsedFile[]> {
    const worker = thread ?? start();
    const parsed: ParsedFile[] = [];
    Atomics.store(new Int32Array(progress), 0, -1);
    const end = await new Promise<'done' | 'stuck' | 'aborted'>((resolve) => {
      const watch = watchProgress(
        { progress, deadlineMs, firstMs: isFresh ? THREAD_START_MS : deadlineMs },
        () => {
          finish('stuck');
        },
      );
      const onMessage = (report: ParseReport): void => {
        parsed.push(...report.parsed);
        if (report.done) finish('done');
      };
      const onFailure = (): void => {
        finish('stuck');
      };
      const onAbort = (): void => {
        finish('aborted');
      };
      const finish = (how: 'done' | 'stuck' | 'aborted'): void => {
        clearInterval(watch);
        worker.off('message', onMessage);
        worker.off('error', onFailure);
        worker.off('exit', onFailure);
        signal.removeEventListener('abort', onAbort);
        resolve(how);
      };
      worker.on('message', onMessage);
      worker.on('error', onFailure);
      worker.on('exit', onFailure);
      signal.addEventListener('abort', onAbort);
      worker.postMessage({ files } satisfies ParseOrder);
    });
    if (end === 'done') return parsed;
    thread = null;
    await worker.terminate();
    signal.throwIfAborted();
    const at = Atomics.load(new Int32Array(progress), 0);
    if (at < 0) {
      throw new ReconcileError('LOAD_TIMEOUT', 'the thread that reads files did not start', {
        retry: 'backoff',
      });
    }
    // Up to a group of finished files was not told yet; only the one under way is to blame.
    return [...parsed, ...(await attemptUntold(files, parsed.length, at, signal))];
  }

  async function attemptUntold(
    files: readonly ParseInput[],
    from: number,
    stuck: number,
    signal: AbortSignal,
  ): Promise<readonly ParsedFile[]> {
    const culprit = files[stuck];
    if (culprit === undefined) return [];
    const before = files.slice(from, stuck);
    const retold = before.length === 0 ? [] : await attempt(before, signal);
    return retold.length < before.length ? retold : [...retold, tooComplex(culprit, deadlineMs)];
  }

  async function parseAll(
    files: readonly ParseInput[],
    signal: AbortSignal,
  ): Promise<readonly ParsedFile[]> {
    const parsed: ParsedFile[] = [];
    while (parsed.length < files.length) {
      signal.throwIfAborted();
      parsed.push(...(await attempt(files.slice(parsed.length), signal)));
    }
    return parsed;
  }

  return {
    start() {
      if (!closing.signal.aborted) thread ??= start();
    },
    parse(files, signal) {
      const both = AbortSignal.any([signal, closing.signal]);
      return inTurn(() => parseAll(files, both));
    },
    async close() {
      closing.abort();
      await inTurn(() => Promise.resolve());
      await thread?.terminate();
      thread = null;
    },
  };
}

/** Calls `onStuck` when the cursor stands still for longer than the deadline. */
function watchProgress(
  {
    progress,
    deadlineMs,
    firstMs,
  }: {
    readonly progress: SharedArrayBuffer;
    readonly deadlineMs: number;
    readonly firstMs: number;
  },
  onStuck: () => void,
): NodeJS.Timeout {
  const cursor = new Int32Array(progress);
  let seen = Atomics.load(cursor, 0);
  let since = performance.now();
  return setInterval(
    () => {
      const at = Atomics.load(cursor, 0);
      if (at !== seen) {
        seen = at;
        since = performance.now();
      } else if (performance.now() - since > (seen < 0 ? firstMs : deadlineMs)) onStuck();
    },
    Math.max(5, Math.min(100, deadlineMs / 4)),
  );
}

function tooComplex({ path, blob, bytes }: ParseInput, deadlineMs: number): ParsedFile {
  const problem = wholeFileProblem(path, {
    code: 'too-complex',
    message: `reading this file takes longer than ${deadlineMs} ms or too much memory`,
    hint: 'Make it smaller or simpler.',
  });
  return {
    path,
    blob,
    bytes: bytes.length,
    content: null,
    problems: [problem],
    claims: [],
    remains: [],
  };
}
