import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { killGroup } from './process.ts';
import { supervisorScript } from './supervisor-script.ts';

/** The only search path that scripts and their supervisors know. */
export const SCRIPT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export type OutputEnds = { readonly out: number; readonly err: number };

/** A supervisor that is our child. `first` is the sequence of its first task in the run. */
export type Supervisor = {
  readonly pid: number;
  /** False from the moment its end is known; it is asked before it gets a task. */
  readonly alive: boolean;
  dir: string;
  first: number;
  /** Bytes that its tasks have written: where the output of the next one begins. */
  written: OutputEnds;
  /**
   * Gives it its next task; `n.run` stands in its folder. `secrets` reach it through a pipe and no file; they have no line break.
   * `died`: the supervisor ended with it, and so says the code.
   */
  perform(secrets: string): Promise<{ readonly code: number; readonly died: boolean }>;
  /** SIGKILL to it, the task and everything in their process group. */
  killGroup(): void;
  /** No task follows: it ends by itself. */
  dismiss(): void;
  /** Lets go of it while it may be at work: it finishes its task, leaves the exit file and ends. */
  abandon(): void;
};

/** Names in the folder of a supervisor (`supervisor-script.ts`). */
export const taskFile = (dir: string, n: number, what: 'run' | 'order' | 'exit'): string =>
  join(dir, `${n}.${what}`);

/** Task n's own folder, with nothing but its script in it: many begin with `cd "$(dirname "$0")"`. */
export const scriptFolder = (dir: string, n: number): string => join(dir, String(n));

/** Named as the reference names it. */
export const scriptFile = (dir: string, n: number, what: 'sh' | 'ps1'): string =>
  join(scriptFolder(dir, n), `_script.${what}`);

/** What all tasks of the supervisor wrote to one stream, one after another. */
export const outputFile = (dir: string, stream: 'out' | 'err'): string => join(dir, stream);

/** Starts one in an empty folder. It waits, costs nothing, and leaves when this process does. */
export function startSupervisor(dir: string): Supervisor {
  const child = spawn('/bin/sh', ['-c', supervisorScript, 'reconciled-run'], {
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { PATH: SCRIPT_PATH },
    // Before it runs anything: the folder may be moved at once.
    cwd: dir,
  });
  let alive = true;
  const ended = new Promise<number>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? 128 + signalNumber(signal)));
    child.once('error', () => resolve(127));
  });
  void ended.then(() => {
    alive = false;
  });
  const line = lineReader(child);
  child.unref();

  return {
    pid: child.pid ?? 0,
    get alive() {
      return alive;
    },
    dir,
    first: 0,
    written: { out: 0, err: 0 },
    async perform(secrets) {
      const answered = line.next();
      // Its pipes close a moment before its end is told, and then nothing else might keep this process.
      child.ref();
      child.stdin.write(`${this.written.out} ${this.written.err} ${secrets}\n`);
      const told = await Promise.race([
        answered.then((answer) => ({ code: Number(answer.split(' ')[1]), died: false })),
        ended.then((code) => ({ code, died: true })),
      ]);
      child.unref();
      return told;
    },
    killGroup: () => {
      alive = false;
      if (child.pid !== undefined) killGroup(child.pid);
    },
    dismiss: () => child.stdin.end(),
    abandon: () => {
      child.unref();
      child.stdin.destroy();
      child.stdout.destroy();
    },
  };
}

/** One short line per task; nothing else is ever printed there. */
function lineReader({ stdin, stdout }: ChildProcess): { next(): Promise<string> } {
  let pending = '';
  let waiting: ((line: string) => void) | null = null;
  stdin?.on('error', () => undefined); // it died: `ended` tells
  stdout?.setEncoding('latin1').on('data', (chunk: string) => {
    pending += chunk;
    const end = pending.indexOf('\n');
    if (end === -1 || waiting === null) return;
    const line = pending.slice(0, end);
    pending = pending.slice(end + 1);
    waiting(line);
    waiting = null;
  });
  return {
    next: () =>
      new Promise((resolve) => {
        waiting = resolve;
      }),
  };
}

/** A signal without a name here is nothing that a deadline sends: 128 is a failure. */
const signalNumber = (signal: NodeJS.Signals | null): number =>
  signal === null ? 0 : constants.signals[signal];
