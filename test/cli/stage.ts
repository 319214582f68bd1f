/** A repository with one association, and the configuration of a daemon for it. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { GitRepo } from '../fakes/git-repo.ts';
import { makeRepo } from '../fakes/git-repo.ts';
import { tempFolder } from './cli.ts';

export const fleet = {
  'associations/motd.yaml':
    'AssociationName: motd\nName: Keep\nTargets: [{ Key: "tag:role", Values: [web] }]\n',
  'documents/Keep.yaml':
    'schemaVersion: "2.2"\nmainSteps:\n  - action: aws:runShellScript\n    name: keep\n    inputs: { runCommand: ["true"] }\n',
};

export async function stage(
  t: TestContext,
): Promise<{ readonly dir: string; readonly config: string; readonly repo: GitRepo }> {
  const dir = await tempFolder(t);
  const repo = makeRepo(dir);
  repo.commit(fleet);
  await mkdir(join(dir, 'etc'));
  const config = join(dir, 'etc', 'daemon.yaml');
  await writeFile(
    config,
    [
      'instance: test',
      `source: { url: ${repo.bare}, branch: main }`,
      'status: { interval: 1s }',
      `stateDir: ${join(dir, 'state')}`,
      'agents: { listen: "127.0.0.1:0" }',
      'http: { listen: "127.0.0.1:0" }',
      '',
    ].join('\n'),
  );
  return { dir, config, repo };
}
