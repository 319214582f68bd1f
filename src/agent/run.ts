import type { Instant } from '../core/model/brand.ts';
import { instant } from '../core/model/brand.ts';
import { ReconcileError } from '../core/model/errors.ts';
import type { Disk } from '../disk/disk.ts';
import { lockDirectory } from '../disk/lock.ts';
import { loadKeyFile } from '../protocol/key-file.ts';
import { nodeIdOf } from '../protocol/keys.ts';
import { LAST_RUNS_MAX } from '../protocol/messages.ts';
import { verifyEnvelope } from '../protocol/sign.ts';
import { loadOrCreateIdentityFile } from '../secrets/identity-file.ts';
import { loadAgentConfig } from './config.ts';
import type { Connection } from './connection.ts';
import { keepConnected } from './connection.ts';
import { openExecutor } from './executor/executor.ts';
import { rebootMachine } from './executor/reboot.ts';
import { sweepRunFolders, sweepSpares } from './executor/retention.ts';
import { sweepSecretOutputs } from './executor/secret-outputs.ts';
import { gatherFacts } from './facts/facts.ts';
import type { LedgerState } from './ledger.ts';
import { openLedger } from './ledger-file.ts';
import type { Mind } from './mind.ts';
import { openMind } from './mind.ts';
import { agentPaths, complianceDir, keyFile, ledgerDir, runsDir } from './paths.ts';
import type { Log } from './ports.ts';
import { preparer } from './prepare.ts';
import type { HelloFacts } from './session.ts';
import { openVault, ownIdentityFile } from './vault.ts';

export type RunAgentOptions = {
  /** '' on a real node. */
  readonly root: string;
  readonly agentVersion: string;
  readonly log: Log;
  /** Under the ledger, if not this machine's own. */
  readonly disk?: Disk;
};

/**
 * The program on a node, until `signal`: then it leaves at once, and a step that runs goes on without it.
 * @throws ReconcileError CONFIG_MISSING, CONFIG_INVALID, STATE_NEWER (exit 78), STATE_LOCKED, KEY_MISSING, IDENTITY_…, …; anything else is a bug
 */
export async function runAgent(options: RunAgentOptions, signal: AbortSignal): Promise<void> {
  const { root, log } = options;
  const config = await loadAgentConfig(agentPaths(root).configFile);
  const { stateDir } = agentPaths(root, config.stateDir);
  const lock = await lockDirectory(stateDir);
  try {
    const identity = await loadKeyFile(
      keyFile(stateDir),
      'put it back, or register this machine anew (reconciled agent register): it will be another node',
    );
    if (nodeIdOf(identity.publicKey) !== config.nodeId) {
      const message = `${keyFile(stateDir)} is not the key of ${config.nodeId}`;
      throw new ReconcileError('KEY_MISMATCH', message, { retry: 'never', exitCode: 78 });
    }
    const facts = await gatherFacts(options.agentVersion);
    const own = ownIdentityFile(stateDir);
    const { recipient } = await loadOrCreateIdentityFile(own);
    const vault = openVault([own, ...config.identities]);
    const ledger = await openLedger(ledgerDir(stateDir), now, options.disk);
    await sweepSpares(runsDir(stateDir));
    sweepSecretOutputs(runsDir(stateDir), ledger.state.active?.job.run ?? null);

    const failed = new AbortController();
    const stop = AbortSignal.any([signal, failed.signal]);
    const crash = (cause: unknown): void => failed.abort(cause);
    const parts: { mind?: Mind; connection?: Connection } = {};
    const executor = openExecutor({
      runsDir: runsDir(stateDir),
      complianceDir: complianceDir(root),
      node: {
        root,
        nodeId: config.nodeId,
        platformName: facts.platformName,
        platformVersion: facts.platformVersion,
      },
      reboot: () => rebootMachine(root),
      vault,
      now,
      report: (event) => parts.mind?.handle(event),
      crash,
    });
    const mind = openMind({
      context: {
        node: config.nodeId,
        isSigned: (envelope) => verifyEnvelope(config.serverKey, envelope),
        bootId: facts.bootId,
        prepare: preparer(),
      },
      state: ledger.state,
      append: (records) => ledger.append(records),
      executor,
      vault,
      send: (message) => parts.connection?.send(message),
      now,
      log,
      onRelease: () => {
        housekeeping().catch((cause: unknown) => {
          // What could not be tidied now is tidied after the next run.
          if (!(cause instanceof ReconcileError)) return crash(cause);
          log('housekeeping-failed', { code: cause.code, message: cause.message });
        });
      },
      crash,
    });
    parts.mind = mind;
    const housekeeping = housekeeper(stateDir, ledger.state, () => ledger.compactIfDue());
    mind.handle({ kind: 'restarted' });
    parts.connection = keepConnected(
      {
        server: config.server,
        serverKey: config.serverKey,
        identity,
        node: config.nodeId,
        hello: () => ({ facts, recipient, ...stateForHello(ledger.state) }),
        onWelcome: () => undefined,
        onMessage: (message) => mind.handle({ kind: 'said', message }),
        log,
        random: Math.random,
      },
      stop,
    );
    await parts.connection.ended;
    await mind.close();
    await executor.close();
    await ledger.close();
    failed.signal.throwIfAborted();
  } finally {
    await lock.release();
  }
}

const now = (): Instant => instant(Date.now());

/** The newest last runs; more associations than fit into a hello are no node we know. */
function stateForHello(state: LedgerState): Omit<HelloFacts, 'facts' | 'recipient'> {
  const lastRuns = [...state.lastRuns.values()]
    .sort((a, b) => b.finishedAt - a.finishedAt)
    .slice(0, LAST_RUNS_MAX);
  return {
    fence: state.fence,
    running: state.active?.job.run ?? null,
    startedAt: state.active?.startedAt ?? null,
    lastRuns,
    activation: null,
  };
}

const sweepEveryMs = 60_000;

/** Between runs: the ledger is compacted when it has grown, run folders are removed at most once a minute. */
function housekeeper(
  stateDir: string,
  state: LedgerState,
  compact: () => Promise<void>,
): () => Promise<void> {
  let sweptAt = Number.NEGATIVE_INFINITY;
  return async () => {
    await compact();
    if (performance.now() - sweptAt < sweepEveryMs) return;
    sweptAt = performance.now();
    const keep = new Set<string>(state.spool.keys());
    if (state.active !== null) keep.add(state.active.job.run);
    await sweepRunFolders(runsDir(stateDir), keep, now());
  };
}
