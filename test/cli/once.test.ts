import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import test from 'node:test';
import { saveAgentConfig } from '../../src/agent/config.ts';
import { agentPaths, keyFile } from '../../src/agent/paths.ts';
import { present } from '../../src/core/model/errors.ts';
import { loadOrCreateKeyFile } from '../../src/protocol/key-file.ts';
import { nodeIdOf } from '../../src/protocol/keys.ts';
import { start } from './cli.ts';
import { fleet, stage } from './stage.ts';

const script = (line: string) => ({
  'documents/Keep.yaml': fleet['documents/Keep.yaml'].replace('["true"]', JSON.stringify([line])),
});

test('daemon --once tells how it went: 0, 4, 7, 8', async (t) => {
  const { repo, once } = await oneNode(t);

  await t.test('0: every node is as stated', async () => {
    repo.commit(script('true'));
    assert.equal(await once('30s'), 0);
  });
  await t.test('4: a node failed', async () => {
    repo.commit(script('exit 3'));
    assert.equal(await once('30s'), 4);
  });
  await t.test('7: a node still works when the time is over', async () => {
    // Half of the time is for the agent to come: a slow machine needs seconds to start it.
    repo.commit(script('sleep 15'));
    assert.equal(await once('14s'), 7);
  });
  await t.test('8: a guard holds the revision', async () => {
    repo.commit({ 'associations/motd.yaml': null });
    assert.equal(await once('30s'), 8);
  });
});

/** A node that stands in the repository with its key, and a way to converge once with its agent running. */
async function oneNode(t: TestContext) {
  const { dir, config, repo } = await stage(t);
  const port = await freePort();
  await writeFile(
    config,
    (await readFile(config, 'utf8')).replace('127.0.0.1:0"', `127.0.0.1:${port}"`),
  );
  const daemon = await loadOrCreateKeyFile(join(dir, 'etc', 'daemon.key'));
  const root = join(dir, 'node');
  const { configFile, stateDir } = agentPaths(root);
  const { publicKey } = (await loadOrCreateKeyFile(keyFile(stateDir))).identity;
  const nodeId = present(nodeIdOf(publicKey), 'a key has its id');
  const server = `wss://127.0.0.1:${port}`;
  await saveAgentConfig(configFile, {
    server,
    serverKey: daemon.identity.publicKey,
    nodeId,
    stateDir,
    identities: [],
  });
  repo.commit({
    'nodes/web.yaml': `InstanceId: ${nodeId}\nPublicKey: ${publicKey}\nTags: [{ Key: role, Value: web }]\n`,
  });
  return {
    repo,
    async once(timeout: string): Promise<number> {
      const daemonRun = start(t, ['daemon', '--config', config, '--once', '--timeout', timeout]);
      await daemonRun.said(/daemon ready/);
      const agent = start(t, ['agent', 'run', '--root', root]);
      const { code } = await daemonRun.ended;
      agent.child.kill('SIGTERM');
      await agent.ended;
      return code;
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
    });
  });
}
