/**
 * A machine of its own for one test file: systemd as PID 1 in a container over this root file system, everything written to
 * memory, no network but its loopback. The program in it is the built one, where `npm install --global` puts it.
 */
import type { ChildProcessByStdio } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { installBuilt } from '../fakes/built-program.ts';
import { tempDir } from '../fakes/git-repo.ts';

const CHECKOUT = fileURLToPath(new URL('../../', import.meta.url));
const INSTALLED = '/usr/lib/node_modules/reconciled';
const BOOT_DEADLINE_MS = 20_000;
const COMMAND_DEADLINE_MS = 60_000;
const LOOK_MS = 50;
/** How nspawn leaves when its machine was restarted from within: somebody else is to boot it again. */
const RESTART_CODE = 133;
/** What the container boots into. */
export const TARGET = 'reconciled-proof.target';

export type Ended = { readonly code: number; readonly stdout: string; readonly stderr: string };

export type Container = {
  /** Its root directory as this process sees it. */
  readonly root: string;
  /** Runs a command in it as root. */
  run(argv: readonly string[], environment?: NodeJS.ProcessEnv): Ended;
  close(): Promise<void>;
};

/** The container, or in a sentence why this machine cannot run one. */
export async function bootContainer(): Promise<Container | string> {
  const obstacle = obstacleHere();
  if (obstacle !== null) return obstacle;
  const dir = tempDir('boot-');
  const mounts: string[] = [];
  const unmount = (): void => {
    for (const at of mounts.splice(0).reverse()) command('umount', [at]);
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    const memory = join(dir, 'memory');
    const root = join(dir, 'root');
    for (const folder of [memory, root]) mkdirSync(folder);
    const refused =
      mount(['-t', 'tmpfs', '-o', 'size=512m,mode=0700', 'tmpfs', memory], mounts) ??
      mountOverlay(memory, root, mounts);
    if (refused !== null) {
      unmount();
      return `this machine refuses the mounts: ${refused}`;
    }
    install(root);
    return await boot(root, dir, unmount);
  } catch (error) {
    unmount();
    throw error;
  }
}

function obstacleHere(): string | null {
  if (process.getuid?.() !== 0) return 'only root can boot a container';
  for (const program of ['systemd-nspawn', 'nsenter', 'git']) {
    if (command('sh', ['-c', `command -v ${program}`]).code !== 0) return `${program} is missing`;
  }
  return null;
}

function mountOverlay(memory: string, root: string, mounts: string[]): string | null {
  const [upper, work] = [join(memory, 'upper'), join(memory, 'work')];
  for (const folder of [upper, work]) mkdirSync(folder);
  const layers = `lowerdir=/,upperdir=${upper},workdir=${work}`;
  return mount(['-t', 'overlay', '-o', layers, 'overlay', root], mounts);
}

function mount(args: readonly string[], mounts: string[]): string | null {
  const { code, stderr } = command('mount', args);
  if (code !== 0) return stderr.trim();
  mounts.push(args.at(-1) ?? '');
  return null;
}

/** What `npm install --global --prefix /usr` and the commands of systemd/README.md leave behind. */
function install(root: string): void {
  const at = (path: string): string => join(root, path);
  rmSync(at(INSTALLED), { recursive: true, force: true });
  installBuilt(at(INSTALLED));
  mkdirSync(at(`${INSTALLED}/node_modules`));
  rmSync(at('/usr/bin/reconciled'), { force: true });
  symlinkSync(`${INSTALLED}/bin/reconciled.mjs`, at('/usr/bin/reconciled'));

  rmSync(at('/etc/reconciled'), { recursive: true, force: true });
  for (const unit of ['reconciled.service', 'reconciled-agent.service']) {
    cpSync(join(CHECKOUT, 'systemd', unit), at(`/etc/systemd/system/${unit}`));
  }
  mkdirSync(at('/etc/sysusers.d'), { recursive: true });
  cpSync(
    join(CHECKOUT, 'systemd/sysusers.d/reconciled.conf'),
    at('/etc/sysusers.d/reconciled.conf'),
  );
  // Nothing of what this machine starts at boot, and an identity of its own.
  writeFileSync(
    at(`/etc/systemd/system/${TARGET}`),
    '[Unit]\nRequires=systemd-journald.service\nAfter=systemd-journald.service\nAllowIsolate=yes\n',
  );
  writeFileSync(at('/etc/machine-id'), `${'5ca1ab1e'.repeat(4)}\n`);
}

async function boot(root: string, dir: string, unmount: () => void): Promise<Container | string> {
  const args = [
    ...['--quiet', '--boot', `--directory=${root}`, `--machine=proof-${process.pid}`],
    ...['--register=no', '--keep-unit', '--settings=no', '--private-network'],
    ...['--link-journal=no', '--resolv-conf=off', '--timezone=off', '--console=pipe'],
    `--bind-ro=${process.execPath}:/usr/bin/node`,
    `--bind-ro=${join(CHECKOUT, 'node_modules')}:${INSTALLED}/node_modules`,
    `systemd.unit=${TARGET}`,
  ];
  let said = '';
  let nspawn = start();
  function start(): ChildProcessByStdio<null, Readable, Readable> {
    const child = spawn('systemd-nspawn', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const output of [child.stdout, child.stderr]) {
      output.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-4_000);
      });
    }
    return child;
  }
  const ended = new Promise<void>((resolve) => {
    const watch = (): void => {
      nspawn.once('error', () => resolve());
      nspawn.once('close', (code) => {
        if (code !== RESTART_CODE) return resolve();
        nspawn = start();
        return watch();
      });
    };
    watch();
  });
  const pid1 = (): number => childOf(nspawn.pid);
  const enter = (argv: readonly string[], environment: NodeJS.ProcessEnv = {}): Ended =>
    command('nsenter', [`--target=${pid1()}`, '--all', '--wd=/', '--', ...argv], {
      PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: '/root',
      LANG: 'C.UTF-8',
      ...environment,
    });
  const close = async (): Promise<void> => {
    // The death of its PID 1 ends everything in the container at once; nspawn leaves after it.
    const leader = pid1();
    if (leader > 0) process.kill(leader, 'SIGKILL');
    else nspawn.kill('SIGKILL');
    await Promise.race([ended, sleep(10_000)]);
    nspawn.kill('SIGKILL');
    unmount();
  };

  const end = performance.now() + BOOT_DEADLINE_MS;
  while (performance.now() < end && nspawn.exitCode === null) {
    if (pid1() > 0 && isUp(enter(['systemctl', 'is-system-running']).stdout)) {
      return { root, run: enter, close };
    }
    await sleep(LOOK_MS);
  }
  await close();
  return `systemd does not boot in ${dir}: ${said.trim()}`;
}

const isUp = (state: string): boolean => ['running', 'degraded'].includes(state.trim());

/** 0 when it has none. */
function childOf(pid: number | undefined): number {
  const path = `/proc/${pid}/task/${pid}/children`;
  const text = pid !== undefined && existsSync(path) ? readFileSync(path, 'utf8') : '';
  return Number(text.trim().split(' ')[0] ?? 0);
}

function command(program: string, args: readonly string[], env = process.env): Ended {
  const ended = spawnSync(program, args, {
    env,
    encoding: 'utf8',
    timeout: COMMAND_DEADLINE_MS,
    maxBuffer: 1 << 24,
  });
  return { code: ended.status ?? -1, stdout: ended.stdout, stderr: ended.stderr };
}
