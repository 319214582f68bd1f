import { cp, mkdir, readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ReconcileError } from '../core/model/errors.ts';
import { systemCode } from '../disk/errors.ts';
import type { Command } from './command.ts';
import { EXIT } from './exit.ts';

const sample = fileURLToPath(new URL('../../sample-repo/', import.meta.url));

export const command: Command = {
  arguments: [{ syntax: '[dir]', about: 'empty or not there yet; the current folder else' }],
  flags: [],
  examples: ['reconciled init fleet'],
  async run(call, context) {
    const dir = resolve(call.args[0] ?? '.');
    const found = (await listOrNothing(dir)).filter((name) => name !== '.git');
    if (found.length > 0) {
      throw new ReconcileError(
        'NOT_EMPTY',
        `${dir} is not empty (${found.slice(0, 3).join(', ')}${found.length > 3 ? ', …' : ''}); name a new folder`,
        { retry: 'never' },
      );
    }
    await mkdir(dir, { recursive: true });
    await cp(sample, dir, { recursive: true });
    const at = call.args[0] ?? '.';
    context.stdout.write(
      `wrote ${dir}; README.md in it tells what each folder is for\n\nnext:\n` +
        `  git -C ${at} init -b main && git -C ${at} add -A && git -C ${at} commit -m 'State the fleet'\n` +
        `  reconciled validate ${at}\n` +
        `  reconciled plan ${at}\n`,
    );
    return EXIT.done;
  },
};

async function listOrNothing(dir: string): Promise<readonly string[]> {
  try {
    return await readdir(dir);
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return [];
    throw new ReconcileError('NOT_A_FOLDER', `cannot use ${dir}: ${String(systemCode(cause))}`, {
      retry: 'never',
      cause,
    });
  }
}
