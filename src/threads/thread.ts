/** Threads of ours: modules that are started beside the loop and post what they have found. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { ReconcileError } from '../core/model/errors.ts';

export type ThreadOptions = {
  /** What the thread finds as `workerData`. */
  readonly order: unknown;
  /** Beyond it the thread ends with ERR_WORKER_OUT_OF_MEMORY, and nothing else does. */
  readonly heapMibMax?: number;
};

/** The module `name` beside the file whose `import.meta.url` is `from`, in the language that runs here. */
export const moduleBeside = (name: string, from: string): URL =>
  new URL(`./${name}${from.endsWith('.js') ? '.js' : '.ts'}`, from);

export function startThread(module: URL, { order, heapMibMax }: ThreadOptions): Worker {
  return new Worker(entryTo(module), {
    workerData: order,
    ...(heapMibMax === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: heapMibMax } }),
  });
}

/**
 * The first thing that a thread of its own posts; then it is ended, and so it is when `signal` says so.
 * @throws what nobody caught in the thread; THREAD_LOST when it left without a word; AbortError, or before the start the
 * signal's own reason
 */
export async function askThread<Answer>(
  module: URL,
  { signal, ...options }: ThreadOptions & { readonly signal: AbortSignal },
): Promise<Answer> {
  signal.throwIfAborted();
  const thread = startThread(module, options);
  try {
    const answer = once(thread, 'message', { signal });
    const [message] = await Promise.race([answer, lost(thread, module, signal)]);
    return message as Answer; // the module's own code posted it
  } finally {
    await thread.terminate();
  }
}

async function lost(thread: Worker, module: URL, signal: AbortSignal): Promise<never> {
  const [code] = await once(thread, 'exit', { signal });
  const name = module.pathname.split('/').at(-1);
  const message = `the thread ${name} left with code ${code} and without an answer`;
  throw new ReconcileError('THREAD_LOST', message, { retry: 'backoff' });
}

/** What ships is plain JavaScript. Sources need tsx, which on Node 20 a thread does not inherit: load it there first. */
function entryTo(module: URL): URL {
  if (module.pathname.endsWith('.js')) return module;
  const tsx = JSON.stringify(import.meta.resolve('tsx/esm/api'));
  const start = `import { register } from ${tsx}; register(); await import(${JSON.stringify(module.href)});`;
  return new URL(`data:text/javascript,${encodeURIComponent(start)}`);
}
