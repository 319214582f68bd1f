/** The agent's log: one JSON object a line on standard error, as the daemon's is. */
import type { Log } from '../agent/ports.ts';
import type { Output } from './command.ts';

export const lineLog =
  (output: Output): Log =>
  (event, fields = {}) => {
    output.write(`${JSON.stringify({ time: new Date().toISOString(), event, ...fields })}\n`);
  };
