/** The units as they ship, under a real service manager: what is promised of restarts, watchdog, sandbox and exit codes. */
import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseJoinCommand } from '../../src/cli/demo/stage.ts';
import type { StatusSummary } from '../../src/core/report/summary.ts';
import { loadOrCreateKeyFile } from '../../src/protocol/key-file.ts';
import type { GitRepo } from '../fakes/git-repo.ts';
import { git, gitTry, makeRepo } from '../fakes/git-repo.ts';
import { association, script, scripts } from '../real/files.ts';
import type { Container, Ended } from './container.ts';
import { bootContainer, TARGET } from './container.ts';

const DEADLINE_MS = 30_000;
const LOOK_MS = 100;
/** Far more than RestartSec: who is not back by then stays away. */
const SETTLED_MS = 2_500;
const DAEMON = 'reconciled.service';
const AGENT = 'reconciled-agent.service';
const CONFIG = '/etc/reconciled/daemon.yaml';

const booted = await bootContainer();

describe('systemd units', { skip: typeof booted === 'string' ? booted : false }, () => {
  const container = booted as Container;
  let repo: GitRepo;

  const inside = (path: string): string => join(container.root, path);
  const text = (path: string): string =>
    existsSync(inside(path)) ? readFileSync(inside(path), 'utf8') : '';

  function run(argv: readonly string[], environment: NodeJS.ProcessEnv = {}): Ended {
    const ended = container.run(argv, environment);
    assert.equal(ended.code, 0, `${argv.join(' ')}: ${ended.stderr}${ended.stdout}\n${journal()}`);
    return ended;
  }
  const systemctl = (...args: readonly string[]): Ended => run(['systemctl', ...args]);
  const journal = (): string =>
    container.run(['journalctl', '--no-pager', '-o', 'short-monotonic', '-n', '60']).stdout;

  function property(unit: string, name: string): string {
    return systemctl('show', unit, `--property=${name}`, '--value').stdout.trim();
  }
  const number = (unit: string, name: string): number => Number(property(unit, name));
  const isActive = (unit: string): boolean => property(unit, 'ActiveState') === 'active';

  async function until(holds: () => boolean, what: string): Promise<void> {
    const end = performance.now() + DEADLINE_MS;
    while (performance.now() < end) {
      if (holds()) return;
      await sleep(LOOK_MS);
    }
    assert.fail(`not within ${DEADLINE_MS} ms: ${what}\n${journal()}`);
  }

  function dropIn(unit: string, lines: readonly string[]): void {
    mkdirSync(inside(`/etc/systemd/system/${unit}.d`), { recursive: true });
    const file = inside(`/etc/systemd/system/${unit}.d/proof.conf`);
    writeFileSync(file, `[Service]\n${lines.join('\n')}\n`);
    systemctl('daemon-reload');
  }

  function summary(): StatusSummary | null {
    const shown = gitTry(inside('/srv/status.git'), [
      ...['-c', 'safe.directory=*', 'show', 'refs/heads/reconciled/status:summary.json'],
    ]);
    return shown.code === 0 ? (JSON.parse(shown.text) as StatusSummary) : null;
  }

  /** Ids of the nodes that are connected. */
  function connected(): readonly string[] {
    const listed = run(['reconciled', 'node', 'list', '--config', CONFIG, '--format', 'json']);
    const nodes = JSON.parse(listed.stdout) as {
      readonly id: string;
      readonly connected: boolean;
    }[];
    return nodes.filter((node) => node.connected).map(({ id }) => id);
  }

  /** Compliant at this revision, as the status branch says. */
  async function converged(revision: string): Promise<void> {
    await until(
      () => {
        const last = summary();
        return (
          last?.revision === revision && last.verdict === 'compliant' && last.nodes.total === 1
        );
      },
      `converged at ${revision}: ${JSON.stringify(summary())}`,
    );
  }

  before(async () => {
    mkdirSync(inside('/srv'), { recursive: true });
    repo = makeRepo(inside('/srv'));
    git(inside('/srv'), ['init', '-q', '--bare', '-b', 'main', inside('/srv/status.git')]);
    repo.commit({
      ...script('greet', ['echo hello >> /var/tmp/greeted']),
      ...association('greet'),
    });
    mkdirSync(inside('/etc/reconciled'), { recursive: true });
    writeFileSync(
      inside(CONFIG),
      [
        'instance: proof',
        'source: { url: /srv/fleet.git, pollInterval: 500ms }',
        'status: { url: /srv/status.git, interval: 200ms }',
        'stateDir: /var/lib/reconciled',
        'agents: { listen: "127.0.0.1:7443" }',
        '',
      ].join('\n'),
    );
    run(['systemd-sysusers']);
    run(['chown', '-R', 'reconciled:reconciled', '/srv/status.git']);
    await loadOrCreateKeyFile(inside('/etc/reconciled/daemon.key'));
    // The one thing a local status repository needs; a remote one needs nothing.
    dropIn(DAEMON, ['ReadWritePaths=/srv/status.git']);
  });

  after(() => container.close());

  test('the daemon is active when it says READY=1, not when it is forked', () => {
    systemctl('start', DAEMON);
    const ready = run([
      ...['journalctl', '--unit', DAEMON, '--output=json', '--grep=daemon ready', '--no-pager'],
    ]).stdout.trim();
    const readyAt = Number(JSON.parse(ready).__MONOTONIC_TIMESTAMP);
    assert(isActive(DAEMON));
    assert(number(DAEMON, 'ActiveEnterTimestampMonotonic') >= readyAt);
    assert(readyAt > number(DAEMON, 'ExecMainStartTimestampMonotonic'));
  });

  test('it has no privileges, its own user and a state directory closed to others', () => {
    const status = run(['cat', `/proc/${property(DAEMON, 'MainPID')}/status`]).stdout;
    assert.match(status, /^CapEff:\s+0+$/m);
    assert.match(status, /^NoNewPrivs:\s+1$/m);
    assert.match(status, /^Seccomp:\s+2$/m);
    const stat = run(['stat', '-c', '%U %a', '/var/lib/reconciled', '/etc/reconciled/daemon.key']);
    assert.equal(stat.stdout, 'reconciled 700\nroot 600\n');
  });

  test('an agent without a registration says so once and stays down', async () => {
    systemctl('start', AGENT);
    await until(() => property(AGENT, 'ActiveState') === 'failed', 'the agent has left');
    await sleep(SETTLED_MS);
    assert.equal(property(AGENT, 'ActiveState'), 'failed');
    assert.equal(property(AGENT, 'ExecMainStatus'), '78');
    assert.equal(number(AGENT, 'NRestarts'), 0);
  });

  test('a node registers and converges', async () => {
    const created = run([
      ...[
        'reconciled',
        'activation',
        'create',
        '--config',
        CONFIG,
        '--repo',
        '/srv/fleet.git.work',
      ],
    ]);
    const revision = repo.commit({});
    await until(() => summary()?.revision === revision, 'accepted');
    const { args, code } = parseJoinCommand(created.stdout);
    run(['reconciled', ...args], { RECONCILED_ACTIVATION_CODE: code });
    systemctl('start', AGENT);
    await converged(revision);
    assert.equal(text('/var/tmp/greeted'), 'hello\n');
  });

  test('kill -9: it is back, and knows what it knew', async () => {
    const [node] = connected();
    assert(node !== undefined);
    systemctl('kill', '--signal=KILL', '--kill-who=main', DAEMON);
    await until(() => number(DAEMON, 'NRestarts') === 1 && isActive(DAEMON), 'restarted');
    await until(() => connected()[0] === node, 'the same node, connected again');
    assert.equal(text('/var/tmp/greeted'), 'hello\n', 'nothing ran twice');
  });

  test('ten kills in a row meet no start limit', async () => {
    let last = '0';
    for (let kill = 0; kill < 10; kill++) {
      await until(() => !['0', last].includes(property(DAEMON, 'MainPID')), 'a new process');
      last = property(DAEMON, 'MainPID');
      run(['sh', '-c', `kill -KILL ${last}`]);
    }
    await until(() => number(DAEMON, 'NRestarts') === 11 && isActive(DAEMON), 'restarted');
  });

  test('systemctl reload keeps the process and ends when it is ready again', async () => {
    const pid = property(DAEMON, 'MainPID');
    appendFileSync(inside(CONFIG), 'log: { level: debug }\n');
    systemctl('reload', DAEMON);
    await until(() => isActive(DAEMON), 'active again');
    assert.equal(property(DAEMON, 'MainPID'), pid);
  });

  test('a daemon that stands still is killed by the watchdog and restarted', async () => {
    dropIn(DAEMON, ['ReadWritePaths=/srv/status.git', 'WatchdogSec=4']);
    systemctl('restart', DAEMON);
    await sleep(6_000);
    assert.equal(number(DAEMON, 'NRestarts'), 0, 'its helper keeps the watchdog quiet');
    systemctl('kill', '--signal=STOP', '--kill-who=main', DAEMON);
    await until(() => number(DAEMON, 'NRestarts') === 1 && isActive(DAEMON), 'restarted');
    assert.match(journal(), /Watchdog timeout/);
  });

  test('a step outlives a restart of its agent, and its result arrives', async () => {
    const revision = repo.commit({
      ...script('long', [
        'echo begin >> /var/tmp/long',
        'until [ -e /var/tmp/go ]; do sleep 0.1; done',
        'echo end >> /var/tmp/long',
      ]),
      ...association('long'),
    });
    await until(() => text('/var/tmp/long') === 'begin\n', 'the step runs');
    systemctl('restart', AGENT);
    await until(() => isActive(AGENT), 'the agent is back');
    writeFileSync(inside('/var/tmp/go'), '');
    await converged(revision);
    assert.equal(text('/var/tmp/long'), 'begin\nend\n');
  });

  test('a step asks for a restart: the machine goes down and comes up, and the run goes on at that step', async () => {
    systemctl('add-wants', TARGET, DAEMON, AGENT);
    const bootId = '/proc/sys/kernel/random/boot_id';
    const revision = repo.commit({
      ...scripts('restart', [
        ['echo one >> /var/tmp/steps'],
        [`cat ${bootId} >> /var/tmp/boots`, '[ $(wc -l < /var/tmp/boots) -ge 3 ] || exit 194'],
        ['echo three >> /var/tmp/steps'],
      ]),
      ...association('restart'),
    });
    const boots = (): readonly string[] => text('/var/tmp/boots').split('\n').slice(0, -1);
    await until(() => boots().length === 3, 'restarted twice');
    await converged(revision);
    assert.equal(new Set(boots()).size, 3, 'three boots, one attempt each');
    assert.equal(text('/var/tmp/steps'), 'one\nthree\n', 'no finished step ran again');
    assert.ok(isActive(DAEMON) && isActive(AGENT));
  });

  test('told to stop, it leaves in order', () => {
    systemctl('stop', DAEMON);
    assert.equal(property(DAEMON, 'Result'), 'success', journal());
    assert.equal(property(DAEMON, 'ExecMainStatus'), '0');
  });

  test('a configuration that it cannot accept does not restart it', async () => {
    writeFileSync(inside(CONFIG), 'instance: [\n');
    assert.notEqual(container.run(['systemctl', 'start', DAEMON]).code, 0);
    await sleep(SETTLED_MS);
    assert.equal(property(DAEMON, 'ActiveState'), 'failed');
    assert.equal(property(DAEMON, 'ExecMainStatus'), '78');
    assert.equal(number(DAEMON, 'NRestarts'), 0);
  });
});
