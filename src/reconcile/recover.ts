/**
 * A lost state directory, rebuilt from the status branch: what the daemon signed there, and what agents tell when they say
 * hello. Nothing runs twice, since run ids are pure hashes and agents remember what they ran (contract §7, Recovery).
 */
import type { Instant } from '../core/model/brand.ts';
import { ReconcileError } from '../core/model/errors.ts';
import { STATE_PATH, SUMMARY_PATH } from '../core/report/paths.ts';
import type { Recovery, StatusTexts } from '../core/report/read.ts';
import { readStatus } from '../core/report/read.ts';
import type { StatusTip } from './ports.ts';

/** Node files read at once; each is a few KB. */
const READS_AT_ONCE = 64;

/**
 * Null when the branch holds nothing of this instance to recover from.
 * @throws ReconcileError RECOVERY_REFUSED (retry `never`) when what stands there is not signed by this daemon's key
 */
export async function recover(
  tip: StatusTip,
  options: {
    readonly instance: string;
    readonly now: Instant;
    verify(text: string, signature: string): boolean;
  },
): Promise<Recovery | null> {
  if (tip.instance !== options.instance) return null;
  const recovered = readStatus(await textsOf(tip), {
    verify: options.verify,
    now: options.now,
    tip: { commit: tip.commit, seq: tip.seq ?? 0 },
  });
  if (recovered.ok) return recovered.value;
  throw new ReconcileError(
    'RECOVERY_REFUSED',
    `the state directory is empty and the status branch cannot restore it: ${recovered.error.message}. ` +
      'Restore the key and the branch, or begin anew from the tip with: reconciled accept --recover',
    { retry: 'never' },
  );
}

/** What a status branch says of state and nodes, read whole. */
export async function textsOf(files: Pick<StatusTip, 'read' | 'list'>): Promise<StatusTexts> {
  const paths = (await files.list('')).filter(
    (path) => path === STATE_PATH || path === SUMMARY_PATH || path.startsWith('nodes/'),
  );
  const texts = new Map<string, string>();
  for (let at = 0; at < paths.length; at += READS_AT_ONCE) {
    const group = paths.slice(at, at + READS_AT_ONCE);
    const contents = await Promise.all(group.map((path) => files.read(path)));
    for (const [index, path] of group.entries()) {
      const bytes = contents[index];
      if (bytes != null) texts.set(path, Buffer.from(bytes).toString());
    }
  }
  return {
    read: (path) => texts.get(path) ?? null,
    list: (prefix) => [...texts.keys()].filter((path) => path.startsWith(prefix)),
  };
}
