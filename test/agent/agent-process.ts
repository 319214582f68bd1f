/**
 * `agent run` as a process of its own, for tests: `node --import tsx agent-process.ts ROOT`. While there is a file ROOT/hold, the disk
 * under its ledger never comes back from writing how a step ended.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runAgent } from '../../src/agent/run.ts';
import { ReconcileError } from '../../src/core/model/errors.ts';
import { blockingDisk } from '../../src/disk/blocking-disk.ts';
import type { Disk } from '../../src/disk/disk.ts';

const root = process.argv[2] ?? '';
const isHeld = (bytes: Uint8Array): boolean =>
  existsSync(join(root, 'hold')) && Buffer.from(bytes).includes('"kind":"exited"');
const disk: Disk = {
  ...blockingDisk,
  create: async (path, mode) => {
    const file = await blockingDisk.create(path, mode);
    return {
      ...file,
      writeAt: (bytes, place) =>
        isHeld(bytes) ? new Promise(() => undefined) : file.writeAt(bytes, place),
    };
  },
};

const stop = new AbortController();
process.on('SIGTERM', () => stop.abort());
const log = (event: string, fields: object = {}): void => {
  process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
};
try {
  await runAgent({ root, agentVersion: '0.1.0', log, disk }, stop.signal);
  process.exit(0);
} catch (cause) {
  log('crashed', { code: cause instanceof ReconcileError ? cause.code : String(cause) });
  process.exit(1);
}
