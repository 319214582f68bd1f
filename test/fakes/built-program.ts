/**
 * The program as `npm run build` and npm leave it in a folder of its own, but for its libraries. Where all tests run it is built
 * once: node --import tsx test/fakes/built-program.ts FOLDER, and RECONCILED_BUILT=FOLDER names it.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CHECKOUT = fileURLToPath(new URL('../../', import.meta.url));

const BUILT = process.env['RECONCILED_BUILT'];

/** What starts real daemons and agents: what ships, where it was built already, and otherwise the sources. */
export const PROGRAM: readonly string[] = [
  process.execPath,
  join(BUILT ?? CHECKOUT, 'bin/reconciled.mjs'),
];

/** @throws Error with what the compiler says */
export function installBuilt(folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const part of ['bin', 'schemas', 'sample-repo', 'package.json']) {
    cpSync(join(CHECKOUT, part), join(folder, part), { recursive: true });
  }
  const dist = join(folder, 'dist');
  if (BUILT !== undefined) {
    cpSync(join(BUILT, 'dist'), dist, { recursive: true });
    return;
  }
  // Types are checked elsewhere.
  const project = ['-p', join(CHECKOUT, 'tsconfig.build.json'), '--noCheck', '--outDir', dist];
  build([join(CHECKOUT, 'node_modules/typescript/bin/tsc'), ...project]);
  cpSync(join(CHECKOUT, 'src/library'), join(dist, 'library'), { recursive: true });
  build(['--import', 'tsx', join(CHECKOUT, 'schemas/join-modules.ts'), dist]);
}

function build(args: readonly string[]): void {
  const options = { cwd: CHECKOUT, encoding: 'utf8' } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, args, options);
  if (status !== 0) throw new Error(`the program does not build:\n${stdout}${stderr}`);
}

const [script = '', folder] = process.argv.slice(1);
if (folder !== undefined && script === fileURLToPath(import.meta.url)) installBuilt(folder);
