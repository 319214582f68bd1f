import { access, constants, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { casRef } from '../git/cas-ref.ts';
import { isErrno } from '../git/errno.ts';
import { gitError } from '../git/git-error.ts';
import type { RemoteConfig } from '../git/http-client.ts';
import type { LocalRepository } from '../git/local-repository.ts';
import type { Mirror } from '../git/mirror.ts';
import { listTip } from '../git/mirror.ts';
import type { PushCommand, PushReport } from '../git/receive-pack.ts';
import { askToPush, pushPack } from '../git/receive-pack.ts';
import { resolveRef, symbolicHead } from '../git/refs.ts';

/** The place that has the status branch, seen by the publisher. */
export type StatusRemote = {
  /** Where people find it, without secrets. */
  readonly name: string;
  tip(signal: AbortSignal): Promise<string | null>;
  /** Makes the commit at the tip, its tree and a little of its history readable here. */
  bring(tip: string, signal: AbortSignal): Promise<void>;
  /**
   * All that can be known of a push without one.
   * @throws ReconcileError STATUS_AUTH, STATUS_REFUSED, …
   */
  tryPush(signal: AbortSignal): Promise<void>;
  push(command: Omit<PushCommand, 'ref'>, signal: AbortSignal): Promise<PushReport>;
};

/** Enough to find whose branch it is when people committed on top of ours. */
const BRING_DEPTH = 10;

export function httpStatusRemote(
  remote: RemoteConfig,
  branch: string,
  mirror: Mirror,
): StatusRemote {
  return {
    name: remote.url,
    tip: (signal) => listTip(remote, branch, signal),
    async bring(tip, signal) {
      if (!mirror.reader.has(tip)) await mirror.fetch({ branch, tip, depth: BRING_DEPTH }, signal);
    },
    tryPush: (signal) => askToPush(remote, signal),
    push: (command, signal) =>
      pushPack(remote, { ...command, ref: `refs/heads/${branch}` }, signal),
  };
}

/** A repository on this machine: the objects are written into it, so a push is one ref under Git's own lock. */
export function localStatusRemote(repository: LocalRepository, branch: string): StatusRemote {
  const { gitdir } = repository;
  const ref = `refs/heads/${branch}`;
  async function refuseCheckedOut(): Promise<void> {
    const workTree = await checkedOutIn(repository, ref);
    if (workTree === null) return;
    throw gitError(
      'STATUS',
      'REFUSED',
      `${branch} is checked out in ${workTree}; check out another branch there, the status branch is written by the daemon`,
    );
  }

  return {
    name: gitdir,
    tip: () => resolveRef(gitdir, ref),
    bring: () => Promise.resolve(),
    async tryPush() {
      await refuseCheckedOut();
      for (const folder of ['objects', 'refs']) {
        const dir = path.join(gitdir, folder);
        try {
          await access(dir, constants.W_OK);
        } catch (cause) {
          throw gitError(
            'STATUS',
            'REFUSED',
            `${dir} cannot be written by this user; let the daemon's user write the repository`,
            cause,
          );
        }
      }
    },
    async push({ old, next }) {
      await refuseCheckedOut();
      try {
        const outcome = await casRef(gitdir, { ref, expect: old, next });
        if (outcome === 'moved') return { kind: 'done' };
        const lock = path.join(gitdir, `${ref}.lock`);
        return {
          kind: 'rejected',
          reason:
            outcome === 'raced'
              ? 'the ref moved'
              : `${lock} exists; remove it if no git is running`,
        };
      } catch (cause) {
        if (!isErrno(cause, 'ENOTDIR', 'EEXIST', 'EISDIR', 'EACCES', 'EROFS')) throw cause;
        throw gitError('STATUS', 'REFUSED', `cannot write ${ref} in ${gitdir}`, cause);
      }
    },
  };
}

/** Moving a branch under somebody's work tree would make their files look edited. */
async function checkedOutIn(repository: LocalRepository, ref: string): Promise<string | null> {
  const { gitdir, isBare } = repository;
  if (!isBare && (await symbolicHead(gitdir)) === ref) return path.dirname(gitdir);
  const linked = path.join(gitdir, 'worktrees');
  for (const name of await readFolder(linked)) {
    if ((await symbolicHead(path.join(linked, name))) !== ref) continue;
    return path.dirname((await readFile(path.join(linked, name, 'gitdir'), 'utf8')).trim());
  }
  return null;
}

async function readFolder(dir: string): Promise<string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}
