import { resolve } from 'node:path';
import type { Call, Flag } from './command.ts';

export const AGENT_ROOT: Flag = {
  syntax: '--root <dir>',
  about: "root of the node's files, to try an agent without touching the machine; else /",
  variable: 'RECONCILED_AGENT_ROOT',
  fallback: '',
};

/** Absolute, as steps run in folders of their own; empty for the machine itself, as scripts see it in `RECONCILED_ROOT`. */
export function rootOf(call: Call): string {
  const given = call.text('root');
  const root = given === '' ? '/' : resolve(given);
  return root === '/' ? '' : root;
}
