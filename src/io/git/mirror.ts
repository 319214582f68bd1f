import type { HttpClient } from 'isomorphic-git';
import { oneAtATime } from '../../waiting/one-at-a-time.ts';
import type { Logger } from '../log.ts';
import { ensureBareDirectory, setAside } from './bare-directory.ts';
import { damageIn, typedDiskFailure } from './errno.ts';
import { DamagedObject, gitError } from './git-error.ts';
import type { RemoteConfig } from './http-client.ts';
import { withHttp } from './http-client.ts';
import { takingPacks } from './incoming-pack.ts';
import { readShallow } from './local-repository.ts';
import type { ObjectReader } from './object-reader.ts';
import { openObjectReader } from './object-reader.ts';
import { pktLine } from './pkt-line.ts';
import { BRANCHES } from './refs.ts';
import { safeFs, sweepLeftovers } from './safe-fs.ts';

/** What a server is asked for to mean "everything" (git's own INFINITE_DEPTH). */
export const WHOLE_HISTORY = 0x7fffffff;

/** A bare repository of our own that follows one branch of an http remote. Disposable: the remote has it all. */
export type Mirror = {
  readonly gitdir: string;
  readonly reader: ObjectReader;
  /** The remote branch now, by one reference listing; null when it does not exist. */
  remoteTip(branch: string, signal: AbortSignal): Promise<string | null>;
  /**
   * Brings `tip` of `branch` with `depth` commits of history; null continues from what is here already.
   * @throws ReconcileError <SCOPE>_UNREACHABLE, _AUTH, _TIMEOUT, _TOO_LARGE
   */
  fetch(
    wanted: { readonly branch: string; readonly tip: string; readonly depth: number | null },
    signal: AbortSignal,
  ): Promise<void>;
  shallow(): Promise<ReadonlySet<string>>;
  close(): void;
};

/** Loaded when a remote is asked: a repository on this machine needs none of it. */
const library = async () => (await import('isomorphic-git')).default;

/** Opens or makes the mirror at `dir` and removes what a killed process left in it. */
export async function openMirror(dir: string, remote: RemoteConfig, log: Logger): Promise<Mirror> {
  await ensureBareDirectory(dir, remote.url);
  const swept = await sweepLeftovers(dir, Date.now());
  if (swept.length > 0) log.info({ count: swept.length }, 'leftovers removed from the mirror');
  const reader = openObjectReader(dir);
  const track = (branch: string) => `refs/remotes/origin/${branch}`;

  return {
    gitdir: dir,
    reader,
    shallow: () => readShallow(dir),
    close: () => reader.close(),
    remoteTip: (branch, signal) => listTip(remote, branch, signal),
    fetch: ({ branch, tip, depth }, signal) =>
      withHttp(remote, { signal, ms: remote.limits.deadlineMs }, async (http) => {
        await ensureBareDirectory(dir, remote.url); // the library would go on without its frame
        await readShallow(dir); // and send this to the server unseen
        const git = await library();
        await git.fetch({
          fs: safeFs,
          http: takingPacks(withHead(http, tip), { gitdir: dir, remote, log, signal }),
          gitdir: dir,
          url: remote.url,
          remote: 'origin',
          // A named tracking ref is what the library offers the server as "have"; without, all comes again each time.
          ref: track(branch),
          remoteRef: `refs/heads/${branch}`,
          singleBranch: true,
          tags: false,
          ...(depth === null ? {} : { depth }),
        });
        if (!reader.has(tip)) throw new DamagedObject(`${tip} did not arrive`);
      }),
  };
}

/** The branch on an http remote by one reference listing; its cost does not grow with the number of refs. */
export async function listTip(
  remote: RemoteConfig,
  branch: string,
  signal: AbortSignal,
): Promise<string | null> {
  const wanted = `refs/heads/${branch}`;
  const refs = await listRefs(remote, wanted, signal);
  return refs.find((ref) => ref.ref === wanted)?.oid ?? null;
}

/** The names of all branches on an http remote. */
export async function listBranches(
  remote: RemoteConfig,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const refs = await listRefs(remote, BRANCHES, signal);
  return refs.map(({ ref }) => ref.slice(BRANCHES.length));
}

function listRefs(remote: RemoteConfig, prefix: string, signal: AbortSignal) {
  return withHttp(remote, { signal, ms: remote.limits.deadlineMs }, async (http) => {
    const git = await library();
    return git.listServerRefs({ http, url: remote.url, prefix, protocolVersion: 2 });
  });
}

/**
 * isomorphic-git gives up on a remote whose HEAD names a branch that does not exist yet, such as a repository that
 * holds nothing but a status branch. So an advertisement without HEAD gets one.
 */
function withHead(http: HttpClient, tip: string): HttpClient {
  return {
    async request(wanted) {
      const answer = await http.request(wanted);
      if (wanted.method === 'POST' || answer.body === undefined) return answer;
      const parts: Uint8Array[] = [];
      for await (const part of answer.body) parts.push(part);
      const advertised = Buffer.concat(parts);
      const body =
        advertised.includes(' HEAD\0') || !advertised.includes(' refs/')
          ? advertised
          : Buffer.concat([
              advertised.subarray(0, -4),
              pktLine(`${tip} HEAD\n`),
              Buffer.from('0000'),
            ]);
      return { ...answer, body: once(body) };
    },
  };
}

async function* once(bytes: Uint8Array): AsyncIterableIterator<Uint8Array> {
  await Promise.resolve();
  yield bytes;
}

/** A mirror that is opened when first needed, and made anew when its content turns out to be damaged. */
type HealingMirror = {
  use<Value>(operation: (mirror: Mirror) => Promise<Value>): Promise<Value>;
  close(): void;
};

export function openHealingMirror(dir: string, remote: RemoteConfig, log: Logger): HealingMirror {
  let opened: Promise<Mirror> | null = null;
  const inTurn = oneAtATime();

  async function current(): Promise<Mirror> {
    opened ??= openMirror(dir, remote, log);
    try {
      return await opened;
    } catch (error) {
      opened = null;
      throw error;
    }
  }

  /** Once per damaged mirror, however many readers stumble over it at the same time. */
  async function replace(damagedMirror: Mirror | null, damage: DamagedObject): Promise<void> {
    const now = await opened?.catch(() => null);
    if (now !== undefined && now !== damagedMirror) return;
    opened = null;
    damagedMirror?.close();
    const aside = await setAside(dir);
    log.warn({ aside, damage: damage.message }, 'damaged mirror set aside, fetching again');
  }

  return {
    async use(operation) {
      let mirror: Mirror | null = null;
      try {
        mirror = await current();
        return await operation(mirror);
      } catch (error) {
        const damage = damageIn(error);
        if (damage === null) throw typedDiskFailure(error);
        await inTurn(() => replace(mirror, damage));
      }
      try {
        return await operation(await current());
      } catch (error) {
        if (!(error instanceof DamagedObject)) throw typedDiskFailure(error);
        throw gitError(
          remote.scope,
          'DAMAGED',
          `${error.message}, also after fetching again`,
          error,
        );
      }
    },
    close() {
      opened?.then(
        (mirror) => mirror.close(),
        () => undefined,
      );
      opened = null;
    },
  };
}
