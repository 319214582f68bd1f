/** A backup, put back: checked as a whole before anything is written, into a state directory that holds nothing. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ReconcileError } from '../core/model/errors.ts';
import { isJsonObject } from '../core/model/json.ts';
import { restoredRecord } from '../core/world/epoch.ts';
import type { PassRecord } from '../core/world/records.ts';
import { upgradePass } from '../core/world/upgrade.ts';
import { ensureDir, writeFileAtomic } from '../disk/files.ts';
import { lockDirectory } from '../disk/lock.ts';
import { nodeDisk } from '../disk/node-disk.ts';
import { removeScratchDir } from '../disk/scratch.ts';
import type { DaemonConfig } from '../io/config.ts';
import { loadDaemonConfig } from '../io/config.ts';
import { openJournal } from '../journal/journal.ts';
import { loadKeyFile } from '../protocol/key-file.ts';
import { identityFromPem } from '../protocol/keys.ts';
import { readIdentities } from '../secrets/identity-file.ts';
import type { BackupHeader, BackupLine } from './backup.ts';
import { BACKUP_FORMAT } from './backup.ts';
import { journalFormat } from './compact-fold.ts';
import { secretPath } from './secrets.ts';

export type Restored = {
  readonly instance: string;
  readonly createdAt: string;
  readonly stateDir: string;
  readonly epoch: number;
  /** Written because they were missing. */
  readonly written: readonly string[];
};

type Backup = {
  readonly header: BackupHeader;
  readonly config: string;
  readonly key: string;
  /** '' when there was none. */
  readonly escrow: string;
  readonly passes: readonly PassRecord[];
};

/**
 * Configuration, key and escrow identity are written where they are missing and never replaced. The epoch rises, so that agents that have
 * seen more than the backup follow; should the status branch carry a higher one, it rises above that before anything is sent.
 * @throws ReconcileError BACKUP_UNREADABLE, BACKUP_DAMAGED, STATE_LOCKED, STATE_NOT_EMPTY, KEY_DIFFERS, ESCROW_DIFFERS,
 *   INSTANCE_DIFFERS (retry `never`), STATE_NEWER (exit 78)
 */
export async function restoreBackup(file: string, configFile: string): Promise<Restored> {
  const backup = parseBackup(file, await readText(file));
  const written: string[] = [];
  if (!existsSync(configFile)) {
    await ensureDir(dirname(configFile), { mode: 0o755 });
    await writeFileAtomic(configFile, backup.config, { mode: 0o600 });
    written.push(configFile);
  }
  const config = await loadDaemonConfig(configFile);
  const { stateDir } = config;
  const instance = instanceOf(backup);
  if (config.instance !== instance) throw anotherInstance({ file, instance, configFile, config });
  await ensureDir(stateDir, { mode: 0o700 });
  const lock = await lockDirectory(stateDir);
  try {
    const dir = join(stateDir, 'journal');
    if ((await nodeDisk.list(dir)).length > 0) {
      throw refused('STATE_NOT_EMPTY', `${stateDir} holds a journal; move it away first`);
    }
    const keyFile = secretPath(config.identityKey);
    if (await putKey(keyFile, backup)) written.push(keyFile);
    if (config.escrow !== null && backup.escrow !== '') {
      const escrowFile = secretPath(config.escrow);
      if (await putEscrow(escrowFile, backup)) written.push(escrowFile);
    }
    // Whole or not at all: a part of it, in its place, would be taken for the state.
    const apart = `${dir}.restoring`;
    await removeScratchDir(apart);
    const epoch = await putRecords(apart, backup);
    await nodeDisk.rename(apart, dir);
    await nodeDisk.syncDir(stateDir);
    const { createdAt } = backup.header;
    return { instance, createdAt, stateDir, epoch, written };
  } finally {
    await lock.release();
  }
}

/** Whose state it is: that is what the daemon compares, and not by which configuration the backup was made. */
function instanceOf({ passes, header }: Backup): string {
  let { instance } = header;
  for (const { records } of passes) {
    for (const record of records) if (record.kind === 'instance') instance = record.name;
  }
  return instance;
}

function anotherInstance(of: {
  readonly file: string;
  readonly instance: string;
  readonly configFile: string;
  readonly config: DaemonConfig;
}): ReconcileError {
  return refused(
    'INSTANCE_DIFFERS',
    `${of.file} is of instance "${of.instance}"; ${of.configFile} is of "${of.config.instance}", and its daemon would refuse this state. ` +
      'Name the configuration of that instance with --config; at a path where nothing is, the one in the backup is written',
  );
}

async function putKey(file: string, { key, header }: Backup): Promise<boolean> {
  if (existsSync(file)) {
    const { publicKey } = await loadKeyFile(file);
    if (publicKey === header.daemonKey) return false;
    throw refused(
      'KEY_DIFFERS',
      `${file} is another key than the one that nodes of this backup know; move it away first`,
    );
  }
  await ensureDir(dirname(file));
  await writeFileAtomic(file, key, { mode: 0o600 });
  return true;
}

/** An identity more in the file that stands there is a rotation since; one less would lose secrets. */
async function putEscrow(file: string, { escrow }: Backup): Promise<boolean> {
  if (existsSync(file)) {
    const there = await readIdentities(file);
    const missing = escrow.split('\n').filter((line) => line !== '' && !there.includes(line));
    if (missing.length === 0) return false;
    throw refused(
      'ESCROW_DIFFERS',
      `${file} lacks an identity that secrets of this backup are encrypted for; move it away first, or add its lines`,
    );
  }
  await ensureDir(dirname(file));
  await writeFileAtomic(file, escrow, { mode: 0o600 });
  return true;
}

async function putRecords(dir: string, { passes }: Backup): Promise<number> {
  const journal = await openJournal<PassRecord>({
    disk: nodeDisk,
    dir,
    format: journalFormat,
    onRecord: () => undefined,
  });
  try {
    let epoch = 1;
    for (const pass of passes) {
      const records = pass.records.map(restoredRecord);
      for (const record of records) if (record.kind === 'instance') epoch = record.epoch;
      await journal.append([{ ...pass, records }]);
    }
    return epoch;
  } finally {
    await journal.close();
  }
}

function parseBackup(file: string, text: string): Backup {
  const end = text.lastIndexOf('\n', text.length - 2) + 1;
  const body = text.slice(0, end);
  const seal = lineOf(file, text.slice(end).trimEnd()) as BackupLine;
  const sha256 = createHash('sha256').update(body).digest('hex');
  if (!('sha256' in seal) || seal.sha256 !== sha256) {
    throw refused('BACKUP_DAMAGED', `${file} is cut or changed: its digest does not fit`);
  }
  const [header, ...lines] = body
    .trimEnd()
    .split('\n')
    .map((line) => lineOf(file, line));
  const backup = {
    header: checkedHeader(file, header),
    config: '',
    key: '',
    escrow: '',
    passes: [] as PassRecord[],
  };
  for (const line of lines as BackupLine[]) {
    if ('config' in line) backup.config = line.config;
    else if ('key' in line) backup.key = line.key;
    else if ('escrow' in line) backup.escrow = line.escrow;
    else if ('pass' in line) {
      backup.passes.push(upgradePass(line.pass, backup.header.journal));
    }
  }
  if (identityFromPem(backup.key).publicKey !== backup.header.daemonKey) {
    throw refused('BACKUP_DAMAGED', `${file} holds another key than it says`);
  }
  return backup;
}

function lineOf(file: string, line: string): unknown {
  try {
    const value: unknown = JSON.parse(line);
    if (isJsonObject(value)) return value;
  } catch {
    // told below
  }
  throw refused('BACKUP_DAMAGED', `${file} is no backup of this program, or is cut`);
}

function checkedHeader(file: string, value: unknown): BackupHeader {
  const header = value as BackupHeader;
  if (header.format !== BACKUP_FORMAT.name) {
    throw refused('BACKUP_DAMAGED', `${file} is no backup of this program`);
  }
  if (header.version > BACKUP_FORMAT.version || header.journal > journalFormat.version) {
    throw new ReconcileError('STATE_NEWER', `${file} was made by a newer version; upgrade first`, {
      retry: 'never',
      exitCode: 78,
    });
  }
  return header;
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new ReconcileError('BACKUP_UNREADABLE', `cannot read ${file}`, { retry: 'never', cause });
  }
}

const refused = (code: string, message: string): ReconcileError =>
  new ReconcileError(code, message, { retry: 'never' });
