import { fileURLToPath } from 'node:url';
import type { SecretPiece } from '../../core/document/prepared.ts';
import { writeScratch } from '../../disk/scratch.ts';
import { quote } from './launch.ts';
import type { Program, Script } from './plugins/plugin.ts';
import { secretVariable } from './programs/perform.ts';
import type { TaskPlace } from './run-folder.ts';
import { taskFile } from './supervisor.ts';

const launcher = fileURLToPath(new URL('../../../bin/reconciled.mjs', import.meta.url));

/** The script that starts our own program; its order lies beside it and is removed once read. */
export function programScript({ dir, n }: TaskPlace, { order, timeoutMs }: Program): Script {
  const path = taskFile(dir, n, 'order');
  writeScratch(path, JSON.stringify(order), 0o600);
  const command = [process.execPath, launcher, 'agent', 'perform', path].map(quote).join(' ');
  return {
    kind: 'script',
    text: `exec ${command}\n`,
    workingDirectory: '/',
    environment: { NODE_NO_WARNINGS: '1' },
    timeoutMs,
  };
}

/** Its secrets as variables of its environment, by name; it takes them out when it begins. */
export function secretVariables({ secrets }: Program): {
  readonly [name: string]: readonly SecretPiece[];
} {
  return Object.fromEntries(
    Object.entries(secrets).map(([field, pieces]) => [secretVariable(field), pieces]),
  );
}
