import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** The environment of every Git program in tests: nothing of the machine's configuration, fixed author and clock. */
export const gitEnv: NodeJS.ProcessEnv = {
  PATH: process.env['PATH'],
  HOME: '/nonexistent',
  LC_ALL: 'C',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.org',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.org',
};

/** Runs `git` in `dir` and gives what it printed, without the last newline. @throws with stderr when it fails */
export function git(dir: string, args: readonly string[], input?: string | Uint8Array): string {
  return execFileSync('git', ['-C', dir, ...args], {
    env: gitEnv,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(input === undefined ? {} : { input }),
  }).replace(/\n$/, '');
}

/** Exit code and everything printed, for commands that are expected to complain. */
export function gitTry(dir: string, args: readonly string[]): { code: number; text: string } {
  const ended = spawnSync('git', ['-C', dir, ...args], { env: gitEnv, encoding: 'utf8' });
  return { code: ended.status ?? -1, text: ended.stdout + ended.stderr };
}

export function tempDir(prefix = 'reconciled-'): string {
  return mkdtempSync(path.join(tmpdir(), prefix));
}

/** A bare repository and a work tree that commits into it, both below `dir`. */
export type GitRepo = {
  readonly bare: string;
  readonly work: string;
  /** Commits these files (null removes) on `branch` and pushes; gives the commit id. */
  commit(files: Readonly<{ [path: string]: string | null }>, options?: CommitOptions): string;
  /** Replaces the branch by an unrelated commit of these files. */
  forcePush(files: Readonly<{ [path: string]: string }>, branch?: string): string;
  deleteBranch(branch?: string): void;
  /** Points the branch at a commit that is still there. */
  restore(commit: string, branch?: string): void;
  tip(branch?: string): string | null;
  /** Content of a file at the tip. */
  show(file: string, branch?: string): string;
  list(branch?: string): string[];
  /** Commit ids, newest first. */
  log(branch?: string): string[];
  message(rev: string): string;
  /** A hook script of the bare repository, e.g. `update`. */
  hook(name: string, script: string): void;
  remove(): void;
};
export type CommitOptions = {
  readonly branch?: string;
  readonly message?: string;
  /** Seconds since the epoch; each commit is one second later otherwise. */
  readonly at?: number;
};

let clock = 1_750_000_000;

export function makeRepo(dir = tempDir(), name = 'fleet.git'): GitRepo {
  const bare = path.join(dir, name);
  const work = path.join(dir, `${name}.work`);
  mkdirSync(bare, { recursive: true });
  git(bare, ['init', '-q', '--bare', '-b', 'main']);
  git(bare, ['config', 'http.receivepack', 'true']);
  git(dir, ['init', '-q', '-b', 'main', work]);
  git(work, ['remote', 'add', 'origin', bare]);

  function put(files: Readonly<{ [path: string]: string | null }>): void {
    for (const [file, content] of Object.entries(files)) {
      const at = path.join(work, file);
      if (content === null) rmSync(at, { recursive: true, force: true });
      else {
        mkdirSync(path.dirname(at), { recursive: true });
        writeFileSync(at, content);
      }
    }
  }

  function commitAll(message: string, at: number): string {
    git(work, ['add', '-A']);
    execFileSync('git', ['-C', work, 'commit', '-q', '--allow-empty', '-m', message], {
      env: { ...gitEnv, GIT_AUTHOR_DATE: `${at} +0000`, GIT_COMMITTER_DATE: `${at} +0000` },
    });
    return git(work, ['rev-parse', 'HEAD']);
  }

  function tip(branch = 'main'): string | null {
    const found = gitTry(bare, ['rev-parse', '--verify', '-q', `refs/heads/${branch}`]);
    return found.code === 0 ? found.text.trim() : null;
  }

  return {
    bare,
    work,
    tip,
    commit(files, { branch = 'main', message = 'change', at = clock++ } = {}) {
      if (tip(branch) !== null) {
        git(work, ['fetch', '-q', 'origin', branch]);
        git(work, ['checkout', '-q', '-f', '-B', branch, 'FETCH_HEAD']);
      } else if (
        git(work, ['branch', '--list', branch]) === '' &&
        existsSync(path.join(work, '.git'))
      ) {
        git(work, ['checkout', '-q', '--orphan', branch]);
        gitTry(work, ['rm', '-q', '-rf', '.']);
      } else git(work, ['checkout', '-q', '-f', branch]);
      put(files);
      const commit = commitAll(message, at);
      git(work, ['push', '-q', 'origin', branch]);
      return commit;
    },
    forcePush(files, branch = 'main') {
      git(work, ['checkout', '-q', '--orphan', `rewrite-${clock}`]);
      gitTry(work, ['rm', '-q', '-rf', '.']);
      put(files);
      const commit = commitAll('rewritten', clock++);
      git(work, ['push', '-q', '-f', 'origin', `HEAD:refs/heads/${branch}`]);
      git(work, ['branch', '-q', '-f', branch, 'HEAD']);
      return commit;
    },
    deleteBranch: (branch = 'main') => void git(bare, ['update-ref', '-d', `refs/heads/${branch}`]),
    restore: (commit, branch = 'main') =>
      void git(bare, ['update-ref', `refs/heads/${branch}`, commit]),
    show: (file, branch = 'main') => git(bare, ['show', `refs/heads/${branch}:${file}`]),
    list: (branch = 'main') =>
      git(bare, ['ls-tree', '-r', '--name-only', `refs/heads/${branch}`])
        .split('\n')
        .filter(Boolean),
    log: (branch = 'main') => git(bare, ['log', '--format=%H', `refs/heads/${branch}`]).split('\n'),
    message: (rev) => git(bare, ['log', '-1', '--format=%B', rev]).trimEnd(),
    hook(name, script) {
      mkdirSync(path.join(bare, 'hooks'), { recursive: true });
      writeFileSync(path.join(bare, 'hooks', name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** `git fsck --strict` of a repository: its complaints, '' when clean. */
export function fsck(gitdir: string): string {
  const { code, text } = gitTry(gitdir, ['fsck', '--strict', '--no-dangling', '--no-progress']);
  return code === 0 && !/error|missing|broken|warning/.test(text) ? '' : `${code}: ${text}`;
}
