/** Real processes of the demonstration: started by argv array, told to leave by pid, their output in files. */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ReconcileError } from '../../core/model/errors.ts';

export type Finished = {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
};

export type Command = {
  readonly argv: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Exit codes that are no failure; 0 alone by default. */
  readonly allowed?: readonly number[];
  readonly signal: AbortSignal;
};

const OUTPUT_BYTES_MAX = 4 * 1024 * 1024;
const COMMAND_DEADLINE_MS = 60_000;

/** @throws ReconcileError DEMO_COMMAND_FAILED with the command's last words */
export async function runCommand(command: Command): Promise<Finished> {
  const [program, ...args] = command.argv;
  const child = spawn(program ?? '', args, {
    cwd: command.cwd,
    env: command.env ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: AbortSignal.any([command.signal, AbortSignal.timeout(COMMAND_DEADLINE_MS)]),
  });
  const [stdout, stderr, code] = await Promise.all([
    textOf(child.stdout),
    textOf(child.stderr),
    exitOf(child),
  ]);
  if (!(command.allowed ?? [0]).includes(code)) {
    const said = `${stdout}${stderr}`.trim().split('\n').slice(-8).join('\n');
    throw new ReconcileError(
      'DEMO_COMMAND_FAILED',
      `${command.argv.join(' ')} → ${code}\n${said}`,
      {
        retry: 'never',
      },
    );
  }
  return { code, stdout, stderr };
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of stream) {
    const chunk = Buffer.from(part as Uint8Array);
    bytes += chunk.length;
    if (bytes <= OUTPUT_BYTES_MAX) parts.push(chunk);
  }
  return Buffer.concat(parts).toString();
}

function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      resolve(code ?? 1);
    });
  });
}

export type Service = {
  readonly name: string;
  readonly pid: number;
  /** Asks it to leave, insists after ten seconds; resolves when it is gone. */
  stop(): Promise<void>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** Exit code, or null while it runs. */
  readonly exitCode: number | null;
};

const STOP_GRACE_MS = 10_000;

/** A process that stays until `stop`; its output goes to `logFile`. */
export function startService(
  name: string,
  argv: readonly string[],
  logFile: string,
  env: NodeJS.ProcessEnv = process.env,
): Service {
  const log = openSync(logFile, 'a', 0o600);
  const [program, ...args] = argv;
  const child = spawn(program ?? '', args, { env, stdio: ['ignore', log, log] });
  const left = exitOf(child).catch(() => 1);
  return {
    name,
    pid: child.pid ?? 0,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      const stayed = await Promise.race([
        left.then(() => false),
        sleep(STOP_GRACE_MS, true, { ref: false }),
      ]);
      if (stayed) child.kill('SIGKILL');
      await left;
    },
    async kill() {
      child.kill('SIGKILL');
      await left;
    },
    get exitCode() {
      return child.exitCode;
    },
  };
}
