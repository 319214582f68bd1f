import type { Flag } from './command.ts';

export const AGENT_ROOT: Flag = {
  syntax: '--root <dir>',
  about: "root of the node's files, to try an agent without touching the machine; else /",
  variable: 'RECONCILED_AGENT_ROOT',
  fallback: '',
};
