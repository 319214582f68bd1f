import { randomBytes } from 'node:crypto';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ReconcileError } from '../core/model/errors.ts';
import { diskError, systemCode } from './errors.ts';
import { ensureDir } from './files.ts';

export type Lock = {
  /** Lets the next one in. A process that dies, however it dies, does the same. */
  release(): Promise<void>;
};

const lockName = /^lock-[0-9a-f]{16}\.sock$/;
const preparedSuffix = '.tmp';
/** Two that start at the same moment may turn each other away; a real holder stays through every attempt. */
const attemptsMax = 6;
const retryDelayMs = 25;
const connectTimeoutMs = 1_000;

/**
 * One writer per state directory, for the life of the process; freed by the kernel when the process dies, whatever kills it.
 *
 * Each contender listens on a Unix socket of its own, under a name that is never used twice, and shows it in the folder only
 * once it listens. Then it asks every other socket there: one that refuses is dead for ever and is removed, one that
 * answers (or cannot be asked) is alive, and the contender withdraws. Of two contenders the later to show itself
 * sees the other, so never do both hold. There is no pid to be reused and no stale file to be taken over.
 *
 * @throws ReconcileError STATE_LOCKED (retry `never`) when another process holds it
 */
export async function lockDirectory(dir: string): Promise<Lock> {
  await ensureDir(dir);
  for (let attempt = 1; ; attempt++) {
    const lock = await contend(dir);
    if (lock !== null) return lock;
    if (attempt === attemptsMax) break;
    await delay(retryDelayMs * attempt * (0.5 + Math.random()));
  }
  throw new ReconcileError('STATE_LOCKED', `another process is using ${dir}`, { retry: 'never' });
}

/** Null when another process is there; this one has withdrawn then. */
async function contend(dir: string): Promise<Lock | null> {
  const name = `lock-${randomBytes(8).toString('hex')}.sock`;
  // Names of sockets end at 107 bytes; the folder's descriptor stands for a path of any length.
  const handle = await attempt(dir, () => open(dir, 'r'));
  const folder = `/proc/self/fd/${handle.fd}`;
  try {
    const server = await attempt(dir, () => listen(join(folder, name + preparedSuffix)));
    const lock = { release: () => withdraw(server, join(dir, name)) };
    try {
      const shown = await show(dir, name);
      if (shown && !(await anotherIsAlive(dir, folder, name))) {
        await sweepPrepared(dir);
        return lock;
      }
    } catch (cause) {
      await lock.release();
      throw cause;
    }
    await lock.release();
    return null;
  } finally {
    await handle.close();
  }
}

/** False when a holder has swept it away meanwhile. */
async function show(dir: string, name: string): Promise<boolean> {
  try {
    await rename(join(dir, name + preparedSuffix), join(dir, name));
    return true;
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return false;
    throw diskError('lock', dir, cause);
  }
}

async function anotherIsAlive(dir: string, folder: string, own: string): Promise<boolean> {
  for (const name of await attempt(dir, () => readdir(dir))) {
    if (name === own || !lockName.test(name)) continue;
    if (await isAlive(join(folder, name))) return true;
    await rm(join(dir, name), { force: true });
  }
  return false;
}

/** Only a refusal or a name that has gone proves death; a full backlog, a stopped process or no answer do not. */
function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const settle = (alive: boolean): void => {
      socket.destroy();
      resolve(alive);
    };
    socket.setTimeout(connectTimeoutMs, () => settle(true));
    socket.once('connect', () => settle(true));
    socket.once('error', (cause) => {
      const code = systemCode(cause);
      settle(code !== 'ECONNREFUSED' && code !== 'ENOENT');
    });
  });
}

function listen(path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', reject);
    server.listen(path, () => {
      server.removeListener('error', reject);
      // Whoever asked may hang up before being accepted, or descriptors may run out: the lock is held all the same.
      server.on('error', () => undefined);
      server.unref();
      resolve(server);
    });
  });
}

async function withdraw(server: Server, path: string): Promise<void> {
  await rm(path, { force: true });
  await rm(path + preparedSuffix, { force: true });
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
}

/** Sockets of contenders that died before they showed themselves; one that is about to will find itself turned away. */
async function sweepPrepared(dir: string): Promise<void> {
  for (const name of await attempt(dir, () => readdir(dir))) {
    if (!name.endsWith(preparedSuffix)) continue;
    if (lockName.test(name.slice(0, -preparedSuffix.length)))
      await rm(join(dir, name), { force: true });
  }
}

async function attempt<Value>(dir: string, call: () => Promise<Value>): Promise<Value> {
  try {
    return await call();
  } catch (cause) {
    throw diskError('lock', dir, cause);
  }
}
