/** The demonstration as a story: each chapter shows one promise, and fails loudly when it is not kept. */
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ReconcileError } from '../../core/model/errors.ts';
import type { Screen } from './screen.ts';
import type { JoinCommand, Stage, Summary } from './stage.ts';
import { parseJoinCommand, readSummary, STATUS_REF, until } from './stage.ts';

const NODES = [
  { name: 'web-1', tags: ['role=web', 'env=prod'] },
  { name: 'web-2', tags: ['role=web', 'env=prod'] },
  { name: 'web-3', tags: ['role=web', 'env=staging'] },
  { name: 'db-1', tags: ['role=db', 'env=prod'] },
  { name: 'db-2', tags: ['role=db', 'env=staging'] },
] as const;

const CONVERGE_DEADLINE_MS = 45_000;

export async function tell(stage: Stage, screen: Screen, signal: AbortSignal): Promise<void> {
  screen.chapter('A repository that states a fleet, and a daemon that reads it');
  screen.say(`repository  ${stage.repositoryUrl} (made from sample-repo/)`);
  await stage.commit('State the fleet');
  await stage.startDaemon();
  screen.say(`daemon      ready; health and metrics at ${stage.httpUrl}`);

  screen.chapter('Five nodes join with codes that stand, hashed, in the repository');
  const revision = await join5(stage, screen, signal);
  await converged(stage, screen, revision, signal);
  await fleetTable(stage, screen);

  screen.chapter('Somebody edits a file on a node; a run repairs it');
  await repair(stage, screen, signal);

  screen.chapter('A change: what a reviewer sees before the merge, and the fleet after it');
  await change(stage, screen, signal);

  screen.chapter('A broken file is merged; nothing stops');
  await breakFile(stage, screen, signal);
}

async function join5(stage: Stage, screen: Screen, signal: AbortSignal): Promise<string> {
  const commands: { readonly name: string; readonly command: JoinCommand }[] = [];
  for (const { name, tags } of NODES) {
    const { stdout } = await stage.reconciled([
      'activation',
      'create',
      '--repo',
      stage.work,
      '--config',
      stage.config,
      '--limit',
      '1',
      '--expires',
      '1h',
      '--name',
      name,
      ...tags.flatMap((tag) => ['--tag', tag]),
    ]);
    commands.push({ name, command: parseJoinCommand(stdout) });
  }
  const revision = await stage.commit('Let five nodes join');
  await Promise.all(commands.map(({ name, command }) => stage.joinNode(name, command)));
  screen.say(`nodes       ${NODES.map((node) => node.name).join(', ')}: registered and connected`);
  signal.throwIfAborted();
  return revision;
}

/** Waits for the status commit that says: every node compliant at this revision. */
async function converged(
  stage: Stage,
  screen: Screen,
  revision: string,
  signal: AbortSignal,
): Promise<Summary> {
  const start = Date.now();
  let last: Summary | null = null;
  await until(
    async () => {
      last = await readSummary(stage);
      if (last === null) return false;
      const { compliant, total } = last.nodes;
      const seconds = ((Date.now() - start) / 1000).toFixed(0);
      screen.progress(`${compliant} of ${NODES.length} nodes compliant after ${seconds} s`);
      const all = compliant === NODES.length && total === NODES.length;
      return all && last.revision === revision && last.verdict === 'compliant';
    },
    `the fleet did not converge at ${revision.slice(0, 7)}`,
    signal,
    CONVERGE_DEADLINE_MS,
  );
  screen.settle(
    `converged at ${revision.slice(0, 7)} in ${((Date.now() - start) / 1000).toFixed(1)} s, said by a commit on reconciled/status`,
  );
  return last as unknown as Summary;
}

async function fleetTable(stage: Stage, screen: Screen): Promise<void> {
  const { stdout } = await stage.reconciled(['status', `--repo`, stage.work, STATUS_REF]);
  screen.block('reconciled status', stdout);
}

async function repair(stage: Stage, screen: Screen, signal: AbortSignal): Promise<void> {
  const motd = join(stage.dir, 'nodes', 'web-1', 'etc', 'motd');
  const stated = await readFile(motd, 'utf8');
  await appendFile(motd, 'edited by hand\n');
  screen.say('web-1       /etc/motd now ends with "edited by hand"');
  await stage.reconciled(['run', 'base-motd', '--config', stage.config]);
  await until(
    async () => (await readFile(motd, 'utf8')) === stated,
    'the edited file was not repaired',
    signal,
  );
  screen.settle(
    'web-1       repaired by: reconciled run base-motd (its schedule would have, within 30 minutes)',
  );
}

async function change(stage: Stage, screen: Screen, signal: AbortSignal): Promise<void> {
  const file = join(stage.work, 'parameters', 'web.yaml');
  const before = await readFile(file, 'utf8');
  await writeFile(file, before.replace('8080', '9090'));
  const { stdout } = await stage.reconciled([
    'plan',
    stage.work,
    '--status',
    STATUS_REF,
    '--format',
    'text',
  ]);
  screen.block('reconciled plan (parameters/web.yaml: port 8080 → 9090)', stdout);
  const revision = await stage.commit('Move the web servers to port 9090');
  await converged(stage, screen, revision, signal);
  const config = join(stage.dir, 'nodes', 'web-2', 'etc', 'fleet-web', 'web.conf');
  const written = await readFile(config, 'utf8');
  if (!written.includes('9090')) {
    throw new ReconcileError('DEMO_NOT_APPLIED', `${config} does not say 9090`, { retry: 'never' });
  }
  screen.say('web-2       /etc/fleet-web/web.conf says "listen 9090"');
}

async function breakFile(stage: Stage, screen: Screen, signal: AbortSignal): Promise<void> {
  const file = join(stage.work, 'associations', 'base', 'motd.yaml');
  const good = await readFile(file, 'utf8');
  await writeFile(file, good.replace('Name: KeepFile', 'Name: KeepFiel').replace('LOW', 'LOWISH'));
  const { stdout } = await stage.reconciled(['validate', stage.work], [3]);
  screen.block('reconciled validate (a pull request check would stop here)', stdout);
  const revision = await stage.commit('Merge a mistake all the same');
  await until(
    async () => {
      const summary = await readSummary(stage);
      return (
        summary?.revision === revision &&
        summary.invalidFilesTotal === 1 &&
        summary.nodes.compliant === NODES.length
      );
    },
    'the broken file is not reported',
    signal,
  );
  screen.settle(
    'the last good version stays in force: every node still compliant, and the file is reported',
  );
  await fleetTable(stage, screen);
  await writeFile(file, good);
  screen.say('mended      by the next commit, which runs nothing: what was in force never changed');
  await converged(stage, screen, await stage.commit('Mend it'), signal);
}
