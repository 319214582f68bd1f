/**
 * A backup is one file of JSON lines that a person can read: what it is, the configuration, the key, the escrow identity, the
 * records that fold into the state, and a digest over all of it. Made from the journal as it is read, so it is whole even beside a daemon
 * that writes; mirrors of repositories are not in it, since their remotes have them.
 */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Instant } from '../core/model/brand.ts';
import { formatInstant } from '../core/model/brand.ts';
import { ReconcileError } from '../core/model/errors.ts';
import { emptyState } from '../core/model/state.ts';
import type { PassRecord } from '../core/world/records.ts';
import { writeFileAtomic } from '../disk/files.ts';
import { nodeDisk } from '../disk/node-disk.ts';
import type { DaemonConfig } from '../io/config.ts';
import { readJournal } from '../journal/read.ts';
import { loadKeyFile } from '../protocol/key-file.ts';
import { identityToPem } from '../protocol/keys.ts';
import { readIdentities } from '../secrets/identity-file.ts';
import { createFold, journalFormat } from './compact-fold.ts';
import { secretPath } from './secrets.ts';

export const BACKUP_FORMAT = { name: 'reconciled-backup', version: 1 } as const;

/** First line of the file. */
export type BackupHeader = {
  readonly format: string;
  readonly version: number;
  readonly journal: number;
  readonly instance: string;
  readonly daemonKey: string;
  readonly createdAt: string;
};

/** The other lines, in this order; `pass` as often as it takes. */
export type BackupLine =
  | { readonly config: string }
  | { readonly key: string }
  /** Identities of the escrow, where one is configured and was made. */
  | { readonly escrow: string }
  | { readonly pass: PassRecord }
  | { readonly sha256: string };

/** Left in the state directory, for `doctor`. */
export const BACKUP_MARK = 'last-backup.json';

const ATTEMPTS_MAX = 3;
const ATTEMPT_DELAY_MS = 500;

/** @throws ReconcileError NOTHING_TO_BACK_UP, KEY_MISSING, JOURNAL_CORRUPT, DISK_FULL, … */
export async function backUp(
  config: DaemonConfig,
  file: string,
  now: Instant,
): Promise<{
  readonly bytes: number;
  readonly nodes: number;
  readonly escrow: 'none' | 'held' | 'not-made';
}> {
  const identity = await loadKeyFile(
    secretPath(config.identityKey),
    'a daemon makes one when it first starts: there is nothing to back up before',
  );
  const escrow = config.escrow === null ? null : await readEscrow(secretPath(config.escrow));
  const { passes, nodes } = await readState(config.stateDir);
  const header: BackupHeader = {
    format: BACKUP_FORMAT.name,
    version: BACKUP_FORMAT.version,
    journal: journalFormat.version,
    instance: config.instance,
    daemonKey: identity.publicKey,
    createdAt: formatInstant(now),
  };
  const head = [
    header,
    { config: await readFile(config.file, 'utf8') },
    { key: identityToPem(identity) },
    ...(escrow === null ? [] : [{ escrow }]),
  ];
  await writeFileAtomic(file, sealed(head, passes), { mode: 0o600 });
  const mark = { at: header.createdAt, daemonKey: identity.publicKey };
  await writeFileAtomic(join(config.stateDir, BACKUP_MARK), `${JSON.stringify(mark)}\n`);
  const held = config.escrow === null ? 'none' : escrow === null ? 'not-made' : 'held';
  return { bytes: (await stat(file)).size, nodes, escrow: held };
}

/** Line by line, since a large fleet is more than one text should hold; last the digest of all before it. */
function* sealed(
  head: readonly (BackupHeader | BackupLine)[],
  passes: Iterable<PassRecord>,
): Generator<Uint8Array> {
  const digest = createHash('sha256');
  const written = (line: BackupHeader | BackupLine): Uint8Array => {
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    digest.update(bytes);
    return bytes;
  };
  for (const line of head) yield written(line);
  for (const pass of passes) yield written({ pass });
  yield written({ sha256: digest.copy().digest('hex') });
}

/**
 * Null before the daemon has made it.
 * @throws ReconcileError IDENTITY_UNREADABLE, IDENTITY_EXPOSED: a backup that lacked it would be believed to be whole
 */
async function readEscrow(path: string): Promise<string | null> {
  try {
    return `${(await readIdentities(path)).join('\n')}\n`;
  } catch (cause) {
    if (cause instanceof ReconcileError && cause.code === 'IDENTITY_MISSING') return null;
    throw cause;
  }
}

/** Read again when a compaction took files away meanwhile. */
async function readState(
  stateDir: string,
): Promise<{ readonly passes: Iterable<PassRecord>; readonly nodes: number }> {
  for (let attempt = 1; ; attempt++) {
    const fold = createFold();
    const seen = emptyState();
    let read = 0;
    try {
      await readJournal<PassRecord>({
        disk: nodeDisk,
        dir: join(stateDir, 'journal'),
        format: journalFormat,
        onRecord: (pass) => {
          fold.apply(pass);
          read += 1;
          for (const record of pass.records) {
            if (record.kind === 'registered') {
              seen.registrations.set(record.registration.node, record.registration);
            }
          }
        },
      });
      if (read > 0) return { passes: fold.records(), nodes: seen.registrations.size };
      throw new ReconcileError('NOTHING_TO_BACK_UP', `${stateDir} holds no state yet`, {
        retry: 'never',
      });
    } catch (cause) {
      const again = cause instanceof ReconcileError && cause.code !== 'NOTHING_TO_BACK_UP';
      if (!again || attempt === ATTEMPTS_MAX) throw cause;
    }
    await sleep(ATTEMPT_DELAY_MS);
  }
}
