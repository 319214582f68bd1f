/**
 * `reconciled demo`: a whole fleet on this machine. A smart-HTTP Git server on loopback, a daemon and five agents as real
 * processes; converges, repairs, changes, survives a mistake, and leaves nothing behind but the folder it names.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ReconcileError } from '../../core/model/errors.ts';
import { systemCode } from '../../disk/errors.ts';
import { runCommand } from './processes.ts';
import { openScreen } from './screen.ts';
import { openStage } from './stage.ts';
import { tell } from './story.ts';

export type DemoOptions = {
  /** Where everything goes; a new folder below the system's temporary one by default. */
  readonly dir: string | null;
  readonly colour: boolean;
  readonly signal: AbortSignal;
};

/** @throws ReconcileError DEMO_NEEDS_GIT, or whatever a chapter found not kept */
export async function demo(options: DemoOptions): Promise<void> {
  const { signal } = options;
  await needGit(signal);
  const dir =
    options.dir === null ? await mkdtemp(join(tmpdir(), 'reconciled-demo-')) : resolve(options.dir);
  await needEmpty(dir);
  const screen = openScreen(process.stdout, options.colour);
  const started = Date.now();
  const stage = await openStage({
    dir,
    sample: fileURLToPath(packageUrl('sample-repo')),
    program: [process.execPath, fileURLToPath(packageUrl('bin/reconciled.mjs'))],
    signal,
  });
  try {
    await tell(stage, screen, signal);
  } finally {
    await stage.close();
  }
  screen.chapter(
    `Done in ${Math.round((Date.now() - started) / 1000)} s: every process has left, this stays to look at`,
  );
  screen.say(
    `git -C ${stage.work} log --oneline origin/reconciled/status   what the daemon reported`,
  );
  screen.say(
    `git -C ${stage.work} show origin/reconciled/status:README.md  the page a reviewer opens`,
  );
  screen.say(`ls ${join(dir, 'nodes', 'web-1')}                              the root of a node`);
  screen.say(`less ${join(dir, 'log', 'daemon.log')}                         what the daemon said`);
  screen.say(
    `rm -r ${dir}                                                   when you have seen enough`,
  );
}

/** Of this package, wherever it runs from: `src/cli/demo` or `dist/cli/demo`. */
const packageUrl = (path: string): URL => new URL(`../../../${path}`, import.meta.url);

/** It writes `etc`, `git`, `state` and more: in a folder of yours they would stand among what is there. */
async function needEmpty(dir: string): Promise<void> {
  const found = await readdir(dir).catch((cause: unknown) => {
    if (systemCode(cause) === 'ENOENT') return [];
    throw cause;
  });
  if (found.length === 0) return;
  throw new ReconcileError('NOT_EMPTY', `${dir} is not empty; name a new folder`, {
    retry: 'never',
  });
}

async function needGit(signal: AbortSignal): Promise<void> {
  try {
    await runCommand({ argv: ['git', '--version'], signal });
  } catch (cause) {
    throw new ReconcileError(
      'DEMO_NEEDS_GIT',
      'the demonstration serves a real repository and needs git (apt-get install git); the daemon itself does not',
      { retry: 'never', cause },
    );
  }
  if (!existsSync(fileURLToPath(packageUrl('sample-repo')))) {
    throw new ReconcileError('DEMO_NO_SAMPLE', 'sample-repo/ is missing from this installation', {
      retry: 'never',
    });
  }
}
