import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ReconcileError } from '../../src/core/model/errors.ts';
import { loadAgentConfig, loadDaemonConfig } from '../../src/io/config.ts';

let dir = '';
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'reconciled-config-'));
});
after(() => rm(dir, { recursive: true, force: true }));

async function daemonConfig(text: string) {
  const file = join(dir, 'daemon.yaml');
  await writeFile(file, text);
  return loadDaemonConfig(file);
}

const minimal = `instance: prod
source: { url: https://git.example.org/ops/fleet.git }
stateDir: /var/lib/reconciled
`;

test('three keys are enough: the schema gives the rest', async () => {
  const config = await daemonConfig(minimal);
  assert.deepEqual(config, {
    file: join(dir, 'daemon.yaml'),
    instance: 'prod',
    source: {
      url: 'https://git.example.org/ops/fleet.git',
      isLocal: false,
      branch: 'main',
      path: '',
      pollIntervalMs: 15_000,
      credentials: null,
      caFile: null,
    },
    status: {
      url: 'https://git.example.org/ops/fleet.git',
      isLocal: false,
      branch: 'reconciled/status',
      intervalMs: 60_000,
      retentionMs: 30 * 86_400_000,
      credentials: null,
      caFile: null,
    },
    stateDir: '/var/lib/reconciled',
    identityKey: { kind: 'file', path: join(dir, 'daemon.key') },
    agents: { listen: { host: '0.0.0.0', port: 7443 }, tls: null, proxyKeys: [], insecure: false },
    http: { listen: { host: '127.0.0.1', port: 7480 } },
    controlSocket: '/var/lib/reconciled/control.sock',
    webhooks: [],
    alarms: [],
    escrow: null,
    logLevel: 'info',
  });
});

test('alarms are read from files beside the configuration, or from addresses', async () => {
  const config = await daemonConfig(
    `${minimal}alarms: [{ name: a, file: alarm }, { name: b, url: "http://127.0.0.1/b", interval: 5s }]\n`,
  );
  assert.deepEqual(config.alarms, [
    { name: 'a', from: { file: join(dir, 'alarm') }, intervalMs: 30_000 },
    { name: 'b', from: { url: 'http://127.0.0.1/b' }, intervalMs: 5_000 },
  ]);
});

test('retention is a number of whole days, up to 9999', async () => {
  const keeps = async (text: string): Promise<number> =>
    (await daemonConfig(`${minimal}status: { retention: ${text} }\n`)).status.retentionMs;
  assert.equal(await keeps('1d'), 86_400_000);
  assert.equal(await keeps('9999d'), 9999 * 86_400_000);
  for (const text of ['0d', '12h', '10000d', '30', 'forever']) {
    await assert.rejects(keeps(text), /retention/, text);
  }
});

test('paths are relative to the configuration file, systemd credentials are names', async () => {
  const config = await daemonConfig(`instance: prod
source: { url: ../fleet.git, credentials: "systemd:git-token" }
stateDir: state
webhooks: [{ provider: gitea, secretFile: hook }]
`);
  assert.equal(config.source.url, join(dir, '../fleet.git'));
  assert.equal(config.source.isLocal, true);
  assert.deepEqual(config.source.credentials, { kind: 'systemd', name: 'git-token' });
  assert.deepEqual(config.status.credentials, config.source.credentials);
  assert.equal(config.stateDir, join(dir, 'state'));
  assert.deepEqual(config.webhooks, [
    { provider: 'gitea', secret: { kind: 'file', path: join(dir, 'hook') } },
  ]);
});

for (const { name, text, says } of [
  {
    name: 'every mistake is in the message',
    text: 'instance: a b\nsorce: {}\nstateDir: 5\n',
    says: /instance cannot be[\s\S]*Did you mean "source"[\s\S]*stateDir must be a text/,
  },
  {
    name: 'a password in a URL is refused',
    text: minimal.replace('https://git', 'https://user:secret@git'),
    says: /must not hold a password/,
  },
  {
    name: 'plain WebSocket beyond loopback is refused',
    text: `${minimal}agents: { insecure: true }\n`,
    says: /loopback address only/,
  },
  {
    name: 'an alarm is read in one place',
    text: `${minimal}alarms: [{ name: budget, file: a, url: "http://127.0.0.1/" }]\n`,
    says: /alarm budget needs either a file or a url/,
  },
  {
    name: 'an alarm is defined once',
    text: `${minimal}alarms: [{ name: budget, file: a }, { name: budget, file: b }]\n`,
    says: /alarm budget is defined twice/,
  },
  {
    name: 'an alarm address holds no password',
    text: `${minimal}alarms: [{ name: budget, url: "https://u:p@example.org/" }]\n`,
    says: /url cannot be/,
  },
  {
    name: 'aliases are refused',
    text: `${minimal}http: &a { listen: "127.0.0.1:1" }\nlog: *a\n`,
    says: /aliases are not allowed/,
  },
])
  test(`daemon configuration: ${name}`, async () => {
    await assert.rejects(daemonConfig(text), (error) => {
      assert.ok(error instanceof ReconcileError);
      assert.equal(error.exitCode, 78);
      assert.match(error.message, says);
      return true;
    });
  });

test('a missing configuration is exit code 78', async () => {
  await assert.rejects(loadDaemonConfig(join(dir, 'nowhere.yaml')), {
    code: 'CONFIG_UNREADABLE',
    exitCode: 78,
  });
});

test('agent.yaml is read as register wrote it', async () => {
  const file = join(dir, 'agent.yaml');
  const written = {
    server: 'wss://host:7443',
    serverKey: 'ed25519:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=',
    nodeId: 'mi-0123456789abcdef0',
    stateDir: '/var/lib/reconciled-agent',
  };
  await writeFile(file, JSON.stringify(written));
  assert.deepEqual(await loadAgentConfig(file), { ...written, identities: [] });
});

for (const c of [
  { name: 'the same repository', status: '', trusted: true },
  {
    name: 'another repository there',
    status: 'https://git.example.org/ops/status.git',
    trusted: true,
  },
  { name: 'another host', status: 'https://elsewhere.example.org/status.git', trusted: false },
]) {
  test(`the certificates of the source's host count for a status branch in ${c.name}: ${c.trusted}`, async () => {
    const url = c.status === '' ? '' : `status: { url: "${c.status}" }\n`;
    const config = await daemonConfig(
      `${minimal.replace('fleet.git }', 'fleet.git, caFile: ca.pem }')}${url}`,
    );
    assert.equal(config.source.caFile, join(dir, 'ca.pem'));
    assert.equal(config.status.caFile, c.trusted ? join(dir, 'ca.pem') : null);
  });
}
