/** `agent run` as a process of its own, for tests: `node --import tsx agent-process.ts ROOT`. */

import { runAgent } from '../../src/agent/run.ts';
import { ReconcileError } from '../../src/core/model/errors.ts';

const stop = new AbortController();
process.on('SIGTERM', () => stop.abort());
const log = (event: string, fields: object = {}): void => {
  process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
};
try {
  await runAgent({ root: process.argv[2] ?? '', agentVersion: '0.1.0', log }, stop.signal);
  process.exit(0);
} catch (cause) {
  log('crashed', { code: cause instanceof ReconcileError ? cause.code : String(cause) });
  process.exit(1);
}
