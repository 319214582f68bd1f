import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { beginSlice } from '../../core/model/slice.ts';
import { ensureBareDirectory, setAside } from '../git/bare-directory.ts';
import { casRef } from '../git/cas-ref.ts';
import type { HttpLimits } from '../git/http-client.ts';
import { HTTP_LIMITS } from '../git/http-client.ts';
import { openLocalRepository } from '../git/local-repository.ts';
import { openMirror } from '../git/mirror.ts';
import type { ObjectReader } from '../git/object-reader.ts';
import { openObjectReader, readCommit } from '../git/object-reader.ts';
import type { NewObject, OpenPack } from '../git/open-pack.ts';
import { openOpenPack } from '../git/open-pack.ts';
import { resolveRef } from '../git/refs.ts';
import type { RemoteLocation } from '../git/remote-url.ts';
import { safeFs, sweepLeftovers } from '../git/safe-fs.ts';
import type { Logger } from '../log.ts';
import type { StatusRemote } from './status-remote.ts';
import { httpStatusRemote, localStatusRemote } from './status-remote.ts';
import type { Folder } from './status-tree.ts';
import { loadFolder } from './status-tree.ts';

export type StatusConfig = {
  /** https, http to loopback, or a path; the source repository or another one. */
  readonly url: string;
  readonly branch: string;
  /** Where our side lives, inside the state directory; may be deleted at any time while the daemon is down. */
  readonly mirrorDir: string;
  readonly credentialsFile: string | null;
  readonly caFile?: string | null;
  readonly limits?: Partial<HttpLimits>;
  /** [0, 1): spreads the retries of racing publishers. */
  readonly random: () => number;
};

/** A commit of ours with its tree in memory. */
export type Left = { readonly commit: string; readonly root: Folder };

/** Our side of the status branch: objects, the pack that grows, and what we last left on the remote. */
export type StatusStore = {
  readonly remote: StatusRemote;
  readonly reader: ObjectReader;
  /** What we left on the branch; null when that was never, or the store is new. */
  readonly known: () => Left | null;
  /** What was sent last; it may be on the branch although no answer came. */
  readonly sent: () => Left | null;
  /**
   * Makes the objects of a commit durable. `detached`: lean on nothing that was written before. Called off, nothing of it is
   * on disk, and what is in memory goes along with the next one.
   */
  write(
    objects: readonly NewObject[],
    options: { readonly detached: boolean; readonly signal: AbortSignal },
  ): Promise<void>;
  wire: OpenPack['wire'];
  markSent(left: Left): Promise<void>;
  markKnown(left: Left): Promise<void>;
  close(): void;
};

const SENT_REF = 'refs/reconciled/sent';

export async function openStatusStore(
  config: StatusConfig,
  location: RemoteLocation,
  log: Logger,
): Promise<StatusStore> {
  const dir = config.mirrorDir;
  const knownRef = `refs/heads/${config.branch}`;
  const { reader, remote, gitdir } =
    location.kind === 'path'
      ? await openLocalSide(config, location.path)
      : await openRemoteSide(config, location.url, log);
  const pack = await openOpenPack(
    path.join(gitdir, 'objects', 'pack'),
    path.join(dir, 'open-pack'),
  );
  let known = await loadLeft(reader, await resolveRef(dir, knownRef));
  let sent = await loadLeft(reader, await resolveRef(dir, SENT_REF));

  return {
    remote,
    reader,
    known: () => known,
    sent: () => sent,
    wire: pack.wire,
    async write(objects, { detached, signal }) {
      await pack.begin();
      if (detached) await pack.seal();
      const slice = beginSlice(() => performance.now());
      for (const object of objects) {
        pack.add(object);
        if (!slice.isOver()) continue;
        await nextTurn(); // a rebuild of a large fleet must not stop heartbeats
        signal.throwIfAborted();
        slice.begin();
      }
      await pack.flush();
    },
    async markSent(left) {
      await moveOwnRef(dir, SENT_REF, left.commit);
      sent = left;
    },
    async markKnown(left) {
      await moveOwnRef(dir, knownRef, left.commit);
      known = left;
    },
    close: () => reader.close(),
  };
}

async function openRemoteSide(config: StatusConfig, url: string, log: Logger) {
  const limits = { ...HTTP_LIMITS, ...config.limits };
  const remoteConfig = {
    url,
    scope: 'STATUS',
    credentialsFile: config.credentialsFile,
    caFile: config.caFile ?? null,
    limits,
  } as const;
  const mirror = await openMirror(config.mirrorDir, remoteConfig, log);
  const remote = httpStatusRemote(remoteConfig, config.branch, mirror);
  return { reader: mirror.reader, gitdir: mirror.gitdir, remote };
}

/** The objects go straight into the local repository; our own directory only remembers what we left there. */
async function openLocalSide(config: StatusConfig, location: string) {
  const repository = await openLocalRepository(location, 'STATUS');
  const { gitdir } = repository;
  await ensureBareDirectory(config.mirrorDir, null);
  await sweepLeftovers(config.mirrorDir, Date.now());
  const alternates = path.join(config.mirrorDir, 'objects', 'info', 'alternates');
  await safeFs.promises.writeFile(alternates, `${path.join(gitdir, 'objects')}\n`);
  const remote = localStatusRemote(repository, config.branch);
  return { reader: openObjectReader(gitdir), gitdir, remote };
}

/** Sets the whole store aside; what it knew is asked for again with `complete`. */
export const discardStatusStore = (config: StatusConfig): Promise<string> =>
  setAside(config.mirrorDir);

async function loadLeft(reader: ObjectReader, commit: string | null): Promise<Left | null> {
  if (commit === null || !reader.has(commit)) return null;
  const { tree } = await readCommit(reader, commit);
  return { commit, root: await loadFolder(reader, tree) };
}

async function moveOwnRef(dir: string, ref: string, next: string): Promise<void> {
  await casRef(dir, { ref, expect: await resolveRef(dir, ref), next });
}
