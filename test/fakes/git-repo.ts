import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** What a test waits for in vain: housekeeping in processes of its own, and a disk that has really written. */
const haste = { 'gc.auto': '0', 'maintenance.auto': 'false', 'core.fsync': 'none' };

/** The environment of every Git program in tests: nothing of the machine's configuration, fixed author and clock. */
export const gitEnv: NodeJS.ProcessEnv = {
  PATH: process.env['PATH'],
  HOME: '/nonexistent',
  LC_ALL: 'C',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_COUNT: String(Object.keys(haste).length),
  ...Object.fromEntries(
    Object.entries(haste).flatMap(([key, value], i) => [
      [`GIT_CONFIG_KEY_${i}`, key],
      [`GIT_CONFIG_VALUE_${i}`, value],
    ]),
  ),
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

/** What `git init` makes, without its two processes: a fifth of a second, in hundreds of tests. */
function init(gitdir: string, config: string): void {
  for (const folder of ['objects/info', 'objects/pack', 'refs/heads', 'refs/tags'])
    mkdirSync(path.join(gitdir, folder), { recursive: true });
  writeFileSync(path.join(gitdir, 'HEAD'), 'ref: refs/heads/main\n');
  writeFileSync(path.join(gitdir, 'config'), `[core]\n\trepositoryformatversion = 0\n${config}`);
}

/** The commit that a loose reference names; null when there is no such file. */
function looseRef(gitdir: string, ref: string): string | null {
  const file = path.join(gitdir, ref);
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : null;
}

export function makeRepo(dir = tempDir(), name = 'fleet.git'): GitRepo {
  const bare = path.join(dir, name);
  const work = path.join(dir, `${name}.work`);
  const workGit = path.join(work, '.git');
  init(bare, '\tbare = true\n[http]\n\treceivepack = true\n');
  init(
    workGit,
    `\tbare = false\n\tlogallrefupdates = true\n[remote "origin"]\n\turl = ${bare}\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n`,
  );

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
    const head = readFileSync(path.join(workGit, 'HEAD'), 'utf8')
      .replace(/^ref: /, '')
      .trim();
    return looseRef(workGit, head) ?? head;
  }

  function tip(branch = 'main'): string | null {
    const ref = `refs/heads/${branch}`;
    const loose = looseRef(bare, ref);
    if (loose !== null || !existsSync(path.join(bare, 'packed-refs'))) return loose;
    const found = gitTry(bare, ['rev-parse', '--verify', '-q', ref]);
    return found.code === 0 ? found.text.trim() : null;
  }

  /** The work tree stands on the branch's tip, whatever was changed in it. */
  function checkOut(branch: string): void {
    const published = tip(branch);
    const known = looseRef(workGit, `refs/heads/${branch}`);
    if (published !== null && published !== known) {
      git(work, ['fetch', '-q', 'origin', branch]);
      git(work, ['checkout', '-q', '-f', '-B', branch, 'FETCH_HEAD']);
    } else if (known !== null) git(work, ['checkout', '-q', '-f', branch]);
    else if (existsSync(path.join(workGit, 'index'))) {
      git(work, ['checkout', '-q', '--orphan', branch]);
      gitTry(work, ['rm', '-q', '-rf', '.']);
    } else writeFileSync(path.join(workGit, 'HEAD'), `ref: refs/heads/${branch}\n`);
  }

  /** What a push leaves behind where no hook looks at it, without its ten processes. */
  function publish(commit: string, branch: string): void {
    if (existsSync(path.join(bare, 'hooks'))) {
      git(work, ['push', '-q', '-f', 'origin', `${commit}:refs/heads/${branch}`]);
      return;
    }
    const options = { recursive: true, force: false };
    cpSync(path.join(workGit, 'objects'), path.join(bare, 'objects'), options);
    const ref = path.join(bare, 'refs/heads', branch);
    mkdirSync(path.dirname(ref), { recursive: true });
    writeFileSync(`${ref}.lock`, `${commit}\n`);
    renameSync(`${ref}.lock`, ref);
  }

  return {
    bare,
    work,
    tip,
    commit(files, { branch = 'main', message = 'change', at = clock++ } = {}) {
      checkOut(branch);
      put(files);
      const commit = commitAll(message, at);
      publish(commit, branch);
      return commit;
    },
    forcePush(files, branch = 'main') {
      git(work, ['checkout', '-q', '--orphan', `rewrite-${clock}`]);
      gitTry(work, ['rm', '-q', '-rf', '.']);
      put(files);
      const commit = commitAll('rewritten', clock++);
      publish(commit, branch);
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
