/** Calls the program as a person does: in this process where only text and codes matter, as a real one where signals do. */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runProgram } from '../../src/cli/program.ts';

export type Ended = { readonly code: number; readonly stdout: string; readonly stderr: string };

export const launcher = fileURLToPath(new URL('../../bin/reconciled.mjs', import.meta.url));
export const sampleRepo = fileURLToPath(new URL('../../sample-repo', import.meta.url));

/** In this process; nothing of this machine's environment is seen. */
export async function call(
  argv: readonly string[],
  env: { readonly [name: string]: string } = {},
  input = '',
): Promise<Ended> {
  const stdout: string[] = [];
  const stderr: string[] = [];
  const code = await runProgram(argv, {
    stdout: { write: (text) => stdout.push(text) },
    stderr: { write: (text) => stderr.push(text) },
    stdin: () => Readable.from([Buffer.from(input)]),
    env: { NODE_NO_WARNINGS: '1', ...env },
    signal: new AbortController().signal,
  });
  return { code, stdout: stdout.join(''), stderr: stderr.join('') };
}

export type Started = {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
  /** Resolves once standard output and error together match. */
  said(pattern: RegExp): Promise<string>;
};

/** A real process; killed at the end of the test if it is still there. */
export function start(
  t: TestContext,
  argv: readonly string[],
  env: { readonly [name: string]: string } = {},
): Started {
  const child = spawn(process.execPath, [launcher, ...argv], {
    env: { PATH: process.env['PATH'], HOME: tmpdir(), NODE_NO_WARNINGS: '1', ...env },
  });
  t.after(() => {
    child.kill('SIGKILL');
  });
  const said = { stdout: '', stderr: '' };
  const listeners = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
      for (const listener of listeners) listener();
    });
  }
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code, signal) => {
      resolve({ code: code ?? (signal === null ? -1 : -2), ...said });
    });
  });
  return {
    child,
    ended,
    said: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const match = pattern.exec(said.stdout + said.stderr);
          if (match === null) return;
          listeners.delete(look);
          resolve(match[0]);
        };
        listeners.add(look);
        look();
        void ended.then(({ code }) => {
          reject(new Error(`ended with ${code} first:\n${said.stdout}${said.stderr}`));
        });
      }),
  };
}

export async function tempFolder(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'reconciled-cli-'));
  t.after(() => rm(dir, { recursive: true, force: true, maxRetries: 3 }));
  return dir;
}
