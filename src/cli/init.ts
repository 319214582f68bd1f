import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ReconcileError } from '../core/model/errors.ts';
import { systemCode } from '../disk/errors.ts';
import type { Command } from './command.ts';
import { EXIT } from './exit.ts';

const sample = fileURLToPath(new URL('../../sample-repo/', import.meta.url));
const schemas = fileURLToPath(new URL('../../schemas/', import.meta.url));
/** Beside the files that name them, so that every editor finds them, also after a clone. */
const SCHEMAS_FOLDER = '.schemas';

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
    await bringSchemas(dir);
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

/** The sample's first lines name schemas of this program's own folder; a repository of its own has its own copy. */
async function bringSchemas(dir: string): Promise<void> {
  const own = join(dir, SCHEMAS_FOLDER);
  await cp(schemas, own, {
    recursive: true,
    filter: (path) => path === schemas || path.endsWith('.schema.json'),
  });
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.yaml')) continue;
    const file = join(entry.parentPath, entry.name);
    const to = relative(dirname(file), own);
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace(/(\$schema=)[./]*schemas\//, `$1${to}/`));
  }
}

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
