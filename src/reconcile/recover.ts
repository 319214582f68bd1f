/**
 * A lost state directory, rebuilt from the status branch: what the daemon signed there, and what agents tell when they say
 * hello. Nothing runs twice, since run ids are pure hashes and agents remember what they ran (contract §7, Recovery).
 */
import { ReconcileError } from '../core/model/errors.ts';
import { NODE_PATH_PATTERN, STATE_PATH, SUMMARY_PATH } from '../core/report/paths.ts';
import type { Recovery as Recovered, StatusTexts } from '../core/report/read.ts';
import { readStatus } from '../core/report/read.ts';
import { verifyState } from '../core/report/state-file.ts';
import type { World } from '../core/world/world.ts';
import type { Inbox } from './inbox.ts';
import type { Ports, StatusTip } from './ports.ts';

export type Recovery = {
  /**
   * Once, before the first revision of this state is accepted: an empty state beside a status branch that holds one is a
   * loss, not a beginning, whoever committed last.
   * @throws ReconcileError RECOVERY_REFUSED (an operator decides), or what the status port throws (tried again)
   */
  beforeFirst(signal: AbortSignal): Promise<void>;
  /** An operator's word: go on with what there is, be it nothing, in an epoch above every earlier one, so that agents follow. */
  beginAnew(): Promise<void>;
};

export type RecoveryOptions = {
  readonly instance: string;
  readonly daemonKey: string;
  readonly verify: (text: string, signature: string) => boolean;
  readonly onRecovered: (found: { readonly commit: string; readonly nodes: number }) => void;
};

export function createRecovery(
  world: World,
  inbox: Inbox,
  ports: Pick<Ports, 'status' | 'clock'>,
  options: RecoveryOptions,
): Recovery {
  let decided = false;
  return {
    async beforeFirst(signal) {
      if (decided || world.state.accepted !== null) return;
      const tip = await ports.status.tip(signal);
      const recovered = tip === null ? null : await readTip(tip, ports, options);
      if (tip !== null && recovered !== null) {
        const { epoch, daemonKey } = recovered.state;
        const next = { epoch: epoch + 1, branchEpoch: epoch };
        const begin = { kind: 'instance', name: options.instance, ...next, daemonKey } as const;
        await inbox.push({ kind: 'recovered', records: [...recovered.records, begin] });
        options.onRecovered({ commit: tip.commit, nodes: recovered.nodes.length });
      }
      decided = true;
    },
    async beginAnew() {
      const { instance: name, daemonKey } = options;
      const { epoch: before = 0, branchEpoch = 0 } = world.state.instance ?? {};
      // Epochs count restorations from 1; seconds since 1970 are above all of them, whatever was lost.
      const epoch = Math.max(Math.floor(ports.clock.now() / 1000), before + 1, branchEpoch + 1);
      const epochs = { epoch, branchEpoch, anewEpoch: epoch };
      const record = { kind: 'instance', name, ...epochs, daemonKey } as const;
      await inbox.push({ kind: 'recovered', records: [record] });
      decided = true;
    },
  };
}

/** Node files read at once; each is a few KB. */
const READS_AT_ONCE = 64;

/**
 * Null when nobody wrote a status there: a branch that was made by hand before the first report.
 * @throws ReconcileError RECOVERY_REFUSED when it holds a status that is not this instance's, or cannot be believed
 */
async function readTip(
  tip: StatusTip,
  { clock }: Pick<Ports, 'clock'>,
  { instance, verify }: RecoveryOptions,
): Promise<Recovered | null> {
  if (tip.instance === null) {
    if (!(await holdsStatus(tip))) return null;
    throw refusal('none of its newest commits names an instance');
  }
  if (tip.instance !== instance) throw foreign(tip.instance, instance);
  const recovered = readStatus(await textsOf(tip, isVersions), {
    verify,
    now: clock.now(),
    tip: { commit: tip.commit, seq: tip.seq ?? 0 },
  });
  if (!recovered.ok) throw refusal(recovered.error.message);
  // Trailers are anybody's; only what is signed says whose state it is.
  const { state } = recovered.value;
  if (state.instance !== instance)
    throw refusal(`its state is that of ${JSON.stringify(state.instance)}`);
  return recovered.value;
}

/** The epoch of the state.json that stands there, if this instance's daemon signed it; whatever else it is decides nothing. */
export async function epochOn(
  tip: StatusTip,
  { instance, verify }: Pick<RecoveryOptions, 'instance' | 'verify'>,
): Promise<number | null> {
  const bytes = await tip.read(STATE_PATH);
  const body = bytes === null ? null : verifyState(Buffer.from(bytes).toString(), verify);
  if (body === null || !body.ok || body.value['instance'] !== instance) return null;
  const { epoch } = body.value;
  return typeof epoch === 'number' && Number.isSafeInteger(epoch) ? epoch : null;
}

async function holdsStatus(tip: StatusTip): Promise<boolean> {
  const paths = await tip.list('');
  return paths.some((path) => path === STATE_PATH || NODE_PATH_PATTERN.test(path));
}

const refusal = (why: string): ReconcileError =>
  new ReconcileError(
    'RECOVERY_REFUSED',
    `the state directory is empty and the status branch cannot restore it: ${why}. ` +
      'Restore the key or the state directory, or begin anew from the tip with: reconciled accept --recover',
    { retry: 'never' },
  );

/** `--recover` leads nowhere here: nothing starts before the new epoch stands on the branch, and nobody writes another's. */
const foreign = (owner: string, instance: string): ReconcileError =>
  new ReconcileError(
    'RECOVERY_REFUSED',
    `the status branch belongs to the instance ${JSON.stringify(owner)}; give this daemon (${instance}) a branch of its own ` +
      'with status.branch, or its old name back if it was renamed',
    { retry: 'never' },
  );

/** Where the versions of associations are listed: a plan does without them. */
const isVersions = (path: string): boolean => /^associations\/[^/]+\/status\.json$/.test(path);

/** What a status branch says of state and nodes, read whole. */
export async function textsOf(
  files: Pick<StatusTip, 'read' | 'list'>,
  also: (path: string) => boolean = () => false,
): Promise<StatusTexts> {
  const paths = (await files.list('')).filter(
    (path) =>
      path === STATE_PATH || path === SUMMARY_PATH || path.startsWith('nodes/') || also(path),
  );
  const texts = new Map<string, string>();
  for (let at = 0; at < paths.length; at += READS_AT_ONCE) {
    const group = paths.slice(at, at + READS_AT_ONCE);
    const contents = await Promise.all(group.map((path) => files.read(path)));
    for (const [index, path] of group.entries()) {
      const bytes = contents[index] ?? null;
      if (bytes !== null) texts.set(path, Buffer.from(bytes).toString());
    }
  }
  return {
    read: (path) => texts.get(path) ?? null,
    list: (prefix) => [...texts.keys()].filter((path) => path.startsWith(prefix)),
  };
}
