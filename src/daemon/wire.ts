/** Configuration → adapters → ports. The only file that chooses adapters. */
import { sign as signText } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BUILT_ACTIONS } from '../core/document/built-actions.ts';
import type { Admission } from '../core/enrol/register.ts';
import type { NodeId } from '../core/model/brand.ts';
import { ReconcileError, unreachable } from '../core/model/errors.ts';
import { apply } from '../core/world/apply.ts';
import type { PassRecord } from '../core/world/records.ts';
import { World } from '../core/world/world.ts';
import { ensureDir } from '../disk/files.ts';
import { lockDirectory } from '../disk/lock.ts';
import { nodeDisk } from '../disk/node-disk.ts';
import type { AgentsServer, Admission as DoorAnswer } from '../io/agents/server.ts';
import { openAgentsServer } from '../io/agents/server.ts';
import { openAlarms } from '../io/alarms/alarms.ts';
import { systemClock } from '../io/clock.ts';
import type { DaemonConfig } from '../io/config.ts';
import { readLibrary } from '../io/library.ts';
import { openLoader } from '../io/load-worker.ts';
import type { Logger } from '../io/log.ts';
import { openParsedStore } from '../io/parsed-store.ts';
import { programDigest } from '../io/program-digest.ts';
import { openGitSource, sourceWatchPaths } from '../io/source/git-source.ts';
import { openGitStatus } from '../io/status/git-status.ts';
import type { Journal } from '../journal/journal.ts';
import { openJournal } from '../journal/journal.ts';
import { loadOrCreateKeyFile } from '../protocol/key-file.ts';
import type { Identity } from '../protocol/keys.ts';
import { sealJob, verifyText } from '../protocol/sign.ts';
import { toEvent } from '../reconcile/collect.ts';
import { perform } from '../reconcile/dispatch.ts';
import type { Inbox } from '../reconcile/inbox.ts';
import type { Observer } from '../reconcile/observe.ts';
import { createObserver } from '../reconcile/observe.ts';
import type { AgentsPort, AlarmsPort, Ports } from '../reconcile/ports.ts';
import type { Publisher } from '../reconcile/publish.ts';
import { createPublisher } from '../reconcile/publish.ts';
import type { Recovery } from '../reconcile/recover.ts';
import { createRecovery, epochOn } from '../reconcile/recover.ts';
import { loadOrCreateIdentityFile, readIdentities } from '../secrets/identity-file.ts';
import { journalFormat } from './compact-fold.ts';
import type { DeskRooms } from './desk.ts';
import { openDeskRooms } from './desk.ts';
import type { EscrowOptions, Wrap } from './escrow.ts';
import { openEscrow } from './escrow.ts';
import type { Bell } from './loop.ts';
import { createBell, openInbox } from './loop.ts';
import type { Progress } from './progress.ts';
import { createProgress } from './progress.ts';
import { identityKeyPath, optionalSecretPath } from './secrets.ts';

/** Everything a daemon is made of, open and ready to run. */
export type Parts = {
  readonly config: DaemonConfig;
  readonly log: Logger;
  readonly identity: Identity;
  readonly identityCreated: boolean;
  readonly world: World;
  readonly inbox: Inbox;
  readonly bell: Bell;
  readonly progress: Progress;
  readonly rooms: DeskRooms;
  readonly ports: Ports;
  readonly alarms: AlarmsPort;
  readonly journal: Journal<PassRecord>;
  readonly observer: Observer;
  readonly recovery: Recovery;
  /** Who wants to know of each status commit. */
  onPublished(call: () => void): void;
  /** Files of a local source whose change means a new tip. */
  readonly watchPaths: readonly string[];
  readonly publisher: Publisher;
  readonly perform: (effects: Parameters<typeof perform>[0]) => void;
  /** Nodes whose key a second machine has. */
  readonly twins: () => readonly NodeId[];
  /** Begins to let agents in. @throws ReconcileError AGENTS_LISTEN */
  openDoor(): Promise<AgentsServer>;
  close(): Promise<void>;
};

/** The first pass of a revision and its status commit come first. */
const KEEP_AFTER_MS = 2_000;

/** How long a node waits before it asks again whether its activation has been accepted. */
const ADMISSION_RETRY_MS = 2_000;

/** @throws ReconcileError STATE_LOCKED, STATE_NEWER, JOURNAL_CORRUPT, KEY_UNREADABLE, … (retry `never`) */
export async function openParts(config: DaemonConfig, log: Logger): Promise<Parts> {
  const { stateDir } = config;
  await ensureDir(stateDir, { mode: 0o700 });
  const lock = await lockDirectory(stateDir);
  const closers: (() => unknown)[] = [() => lock.release()];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    return await open(config, log, closers, close);
  } catch (cause) {
    await close();
    throw cause;
  }
}

async function open(
  config: DaemonConfig,
  log: Logger,
  closers: (() => unknown)[],
  close: () => Promise<void>,
): Promise<Parts> {
  const { stateDir } = config;
  const { identity, created } = await loadOrCreateKeyFile(identityKeyPath(config.identityKey));
  // What files said when the daemon last lived is read while the journal is.
  const loader = openLoader({
    library: readLibrary(),
    builtActions: BUILT_ACTIONS,
    readBlob: (blob, signal) => source.readBlob(blob, signal),
    kept: {
      store: openParsedStore(nodeDisk, join(stateDir, 'parsed-files.cache'), () =>
        programDigest([BUILT_ACTIONS]),
      ),
      afterMs: KEEP_AFTER_MS,
      onError: (error) => {
        log.warn({ message: String(error) }, 'what files said is not kept for the next start');
      },
    },
  });
  closers.push(() => loader.close());
  const world = new World();
  const journal = await openJournal<PassRecord>({
    disk: nodeDisk,
    dir: join(stateDir, 'journal'),
    format: journalFormat,
    onRecord: (pass) => {
      for (const record of pass.records) apply(world.state, record);
    },
  });
  closers.push(() => journal.close());
  if (journal.repaired !== null) log.warn({ ...journal.repaired }, 'journal tail was torn and cut');

  const source = openGitSource(
    {
      url: config.source.url,
      branch: config.source.branch,
      path: config.source.path === '' ? '.' : config.source.path,
      mirrorDir: join(stateDir, 'source.git'),
      credentialsFile: optionalSecretPath(config.source.credentials),
      caFile: config.source.caFile,
    },
    log.child({ part: 'source' }),
  );
  closers.push(() => source.close());
  const status = openGitStatus(
    {
      url: config.status.url,
      branch: config.status.branch,
      mirrorDir: join(stateDir, 'status.git'),
      credentialsFile: optionalSecretPath(config.status.credentials),
      caFile: config.status.caFile,
      random: Math.random,
    },
    log.child({ part: 'status' }),
  );
  closers.push(() => status.close());

  const door: { server: AgentsServer | null } = { server: null };
  const agents: AgentsPort = {
    send: (node, message) => door.server?.send(node, message) ?? false,
    drop: (node, reason) => door.server?.drop(node, reason),
  };
  const bell = createBell();
  const inbox = openInbox(bell);
  const progress = createProgress(inbox, systemClock.monotonicMs);
  const ports: Ports = {
    clock: systemClock,
    journal: {
      append: (pass) => journal.append([pass]),
      onDelay: (error) => {
        progress.diskRefused();
        log.error({ code: error.code, message: error.message }, 'journal waits for its disk');
      },
    },
    source,
    loader,
    agents,
    status,
  };
  const onPublished = { call: (): void => undefined };
  const rooms = openDeskRooms();
  const desk = {
    wrap: await escrowOf(config, {
      recipientOf: (node) => door.server?.recipientOf(node) ?? null,
      log,
    }),
    // Nobody waits for it: an unhandled rejection ends the process, as a bug does.
    crash: (cause: unknown) => void Promise.reject(cause),
    sign: (job: Parameters<typeof sealJob>[1]) => sealJob(identity, job),
    answer: rooms.answers.answer,
    admit: rooms.admissions.answer,
  };
  // What state.json must show before it restores anything.
  const ours = {
    instance: config.instance,
    verify: (text: string, signature: string) => verifyText(identity.publicKey, text, signature),
  };
  const recovery = createRecovery(world, inbox, ports, {
    ...ours,
    daemonKey: identity.publicKey,
    onRecovered: (found) => {
      log.warn(found, 'state directory was lost: rebuilt from the status branch');
    },
  });
  const publisher = createPublisher(world, inbox, ports, {
    intervalMs: config.status.intervalMs,
    retentionMs: config.status.retentionMs,
    sign: (text) => signText(null, Buffer.from(text), identity.privateKey).toString('base64'),
    epochOn: (tip) => epochOn(tip, ours),
    onError: (error) => {
      log.warn({ code: error.code, message: error.message }, 'status not published');
    },
    onIdle: () => {
      bell.ring();
    },
    onRival: (commit) => {
      log.warn({ commit }, 'another daemon writes the status branch');
    },
    onPublished: () => {
      onPublished.call();
    },
  });

  return {
    config,
    log,
    identity,
    identityCreated: created,
    world,
    inbox,
    bell,
    progress,
    rooms,
    ports,
    alarms: openAlarms(config.alarms),
    journal,
    observer: createObserver(world, inbox, ports, recovery.beforeFirst),
    recovery,
    onPublished: (call) => {
      onPublished.call = call;
    },
    watchPaths: config.source.isLocal ? await sourceWatchPaths(config.source.url) : [],
    publisher,
    perform: (effects) => {
      perform(effects, world, ports, inbox, desk);
    },
    twins: () => door.server?.twins() ?? [],
    async openDoor() {
      door.server = await openAgentsServer({
        listen: formatListen(config),
        tls: await tlsOf(config),
        proxyKeys: config.agents.proxyKeys,
        instance: config.instance,
        daemon: identity,
        authorise: async (hello) =>
          atTheDoor(
            await rooms.admissions.ask(inbox, (id) => ({
              kind: 'applied',
              id,
              applicant: {
                node: hello.node,
                publicKey: hello.publicKey,
                hostname: hello.facts.hostname,
                activation: hello.activation,
              },
            })),
            world.fleet.nodes.get(hello.node)?.name ?? hello.node,
          ),
        sink: (event) => {
          const told = toEvent(event);
          if (told !== null) inbox.post(told);
        },
        nodeCount: () => world.fleet.nodes.size,
        log: (event, fields) => {
          log.info(fields, event);
        },
      });
      closers.push(() => door.server?.close());
      return door.server;
    },
    close,
  };
}

/** @throws ReconcileError IDENTITY_…, CREDENTIAL_MISSING (exit 78): a daemon that lost its escrow would fail every secret */
async function escrowOf(
  { escrow }: DaemonConfig,
  {
    recipientOf,
    log,
  }: { readonly recipientOf: EscrowOptions['recipientOf']; readonly log: Logger },
): Promise<Wrap> {
  if (escrow === null) return (job) => Promise.resolve(job);
  const path = identityKeyPath(escrow);
  if (escrow.kind === 'systemd') await readIdentities(path);
  const { identities, recipient, created } = await loadOrCreateIdentityFile(path);
  if (created) log.warn({ recipient, path }, 'made an escrow identity; back it up');
  return openEscrow({ identities, recipientOf, log: (event, fields) => log.warn(fields, event) });
}

function atTheDoor(admission: Admission, name: string): DoorAnswer {
  switch (admission.kind) {
    case 'known':
    case 'register':
      return { kind: 'welcome', name };
    case 'wait':
      return { ...admission, retryAfterMs: ADMISSION_RETRY_MS };
    case 'refused':
      return { ...admission, wrongCode: admission.code === 'WRONG_CODE' };
    default:
      return unreachable(admission);
  }
}

async function tlsOf({ agents }: DaemonConfig) {
  if (agents.insecure) return 'plain' as const;
  if (agents.tls === null) return 'made' as const;
  try {
    return {
      cert: await readFile(agents.tls.cert, 'utf8'),
      key: await readFile(agents.tls.key, 'utf8'),
    };
  } catch (cause) {
    throw new ReconcileError('TLS_UNREADABLE', `cannot read agents.tls: ${String(cause)}`, {
      retry: 'never',
      exitCode: 78,
      cause,
    });
  }
}

function formatListen({ agents }: DaemonConfig): string {
  const { host, port } = agents.listen;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
