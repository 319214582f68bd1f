import { totalmem } from 'node:os';
import { Worker } from 'node:worker_threads';

const GIB = 1024 ** 3;

/** What a program of ours may take on this node: a repository of a few bytes can have it unpack to gigabytes. */
export const programBytesMax = (): number => Math.min(2 * GIB, Math.floor(totalmem() / 2));

/** Looks from a thread of its own: what takes the memory may not come back to the loop before it is all gone. */
const watch = `
import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
setInterval(() => {
  if (process.memoryUsage.rss() <= workerData.bytesMax) return;
  writeSync(2, workerData.text);
  process.kill(process.pid, 'SIGKILL');
}, 50);
`;

/** Ends this process when it takes more than so much memory, saying why: nothing less would free it in time. */
export function limitMemory(bytesMax: number): void {
  const text = `more than ${Math.round(bytesMax / 2 ** 20)} MiB of memory are needed`;
  const resourceLimits = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4 };
  const start = new URL(`data:text/javascript,${encodeURIComponent(watch)}`);
  new Worker(start, { workerData: { bytesMax, text }, resourceLimits }).unref();
}
