/** What stands in the way of a healthy daemon on this machine; each check looks and changes nothing. */
import { existsSync } from 'node:fs';
import { access, constants, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { loadAgentConfig } from '../../agent/config.ts';
import { agentPaths } from '../../agent/paths.ts';
import { ownIdentityFile } from '../../agent/vault.ts';
import { askDaemon } from '../../control/client.ts';
import { ReconcileError } from '../../core/model/errors.ts';
import { isJsonObject } from '../../core/model/json.ts';
import { BACKUP_MARK } from '../../daemon/backup.ts';
import { identityKeyPath, secretPath } from '../../daemon/secrets.ts';
import { freeBytes } from '../../disk/free.ts';
import type { DaemonConfig } from '../../io/config.ts';
import { BRANCHES, isSafeRefName } from '../../io/git/refs.ts';
import { loadKeyFile } from '../../protocol/key-file.ts';
import type { PublicKeyText } from '../../protocol/keys.ts';
import { loadOrCreateIdentityFile, readIdentities } from '../../secrets/identity-file.ts';
import { noticesIn } from '../answers.ts';
import { endOfLife } from '../node-version.ts';
import type { Finding } from './finding.ts';
import { fail, ok, warn } from './finding.ts';
import { lookAtSource } from './source.ts';
import { checkStatus } from './status.ts';

const BRANCHES_SHOWN = 5;
const FREE_BYTES_MIN = 1024 ** 3;
const UNIT_PATHS = [
  '/etc/systemd/system/reconciled.service',
  '/usr/lib/systemd/system/reconciled.service',
];
/** Nobody made this program before then: a clock that says so is wrong. */
const CLOCK_MIN_MS = Date.parse('2026-01-01T00:00:00Z');

/** Of the machine, whatever is configured. */
export function checkHere(nowMs: number): readonly Finding[] {
  const old = endOfLife(process.versions.node, nowMs);
  const wrongClock = nowMs < CLOCK_MIN_MS;
  const unit = UNIT_PATHS.find((path) => existsSync(path));
  return [
    old === null ? ok('node', `Node ${process.versions.node}`) : warn('node', old),
    wrongClock
      ? fail(
          'clock',
          `the clock says ${new Date(nowMs).toISOString()}; set it, schedules depend on it`,
        )
      : ok('clock', new Date(nowMs).toISOString()),
    unit === undefined
      ? warn('service', 'no reconciled.service is installed; see systemd/README.md')
      : ok('service', unit),
  ];
}

export async function checkConfigured(
  config: DaemonConfig,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const key = await checkKey(config);
  return [
    ...key.findings,
    ...(await checkEscrow(config)),
    ...(await checkStateDir(config)),
    await checkDaemon(config, signal),
    await checkSource(config, signal),
    await checkStatus(config, key.publicKey, signal),
    checkSeparation(config),
  ];
}

/** Without this key every node has to register again. */
async function checkKey(
  config: DaemonConfig,
): Promise<{ readonly publicKey: PublicKeyText | null; readonly findings: readonly Finding[] }> {
  try {
    const file = secretPath(config.identityKey);
    const { publicKey } = await loadKeyFile(file);
    const { mode } = await stat(file);
    const found =
      (mode & 0o077) === 0
        ? ok('key', publicKey)
        : fail('key', `${file} can be read by others; chmod 600 ${file}`);
    return { publicKey, findings: [found, await checkBackup(config, publicKey)] };
  } catch (cause) {
    if (!(cause instanceof ReconcileError)) throw cause;
    const found =
      cause.code === 'KEY_MISSING'
        ? warn('key', `${cause.message}; the daemon makes one when it starts`)
        : fail('key', cause.message);
    return { publicKey: null, findings: [found] };
  }
}

/** What authors encrypt for. Whoever loses it loses every secret that was. */
async function checkEscrow({ escrow }: DaemonConfig): Promise<readonly Finding[]> {
  if (escrow === null) return [];
  try {
    const file = identityKeyPath(escrow);
    await readIdentities(file);
    const { mode } = await stat(file);
    if ((mode & 0o077) !== 0)
      return [fail('escrow', `${file} can be read by others; chmod 600 ${file}`)];
    const { recipient } = await loadOrCreateIdentityFile(file);
    return [ok('escrow', `${recipient}, of ${file}; backups hold it`)];
  } catch (cause) {
    if (!(cause instanceof ReconcileError)) throw cause;
    return [
      cause.code === 'IDENTITY_MISSING'
        ? warn('escrow', `${cause.message}; the daemon makes one when it starts`)
        : fail('escrow', cause.message),
    ];
  }
}

/** On a node: the age identities that its configuration names. */
export async function checkNode(root: string): Promise<readonly Finding[]> {
  const { configFile } = agentPaths(root);
  if (!existsSync(configFile)) return [];
  const findings: Finding[] = [];
  try {
    const { identities, stateDir } = await loadAgentConfig(configFile);
    for (const file of [ownIdentityFile(stateDir), ...identities]) {
      if (file.startsWith('systemd:')) continue;
      findings.push(await checkIdentity(file));
    }
  } catch (cause) {
    if (!(cause instanceof ReconcileError)) throw cause;
    findings.push(fail('node', cause.message));
  }
  return findings;
}

async function checkIdentity(file: string): Promise<Finding> {
  try {
    await readIdentities(file);
    const { mode } = await stat(file);
    return (mode & 0o077) === 0
      ? ok('identity', file)
      : fail('identity', `${file} can be read by others; chmod 600 ${file}`);
  } catch (cause) {
    if (!(cause instanceof ReconcileError)) throw cause;
    return fail('identity', cause.message);
  }
}

async function checkBackup({ stateDir, file }: DaemonConfig, publicKey: string): Promise<Finding> {
  const demand = `back the key up: reconciled backup FILE --config ${file}`;
  try {
    const mark: unknown = JSON.parse(await readFile(join(stateDir, BACKUP_MARK), 'utf8'));
    if (!isJsonObject(mark)) return warn('backup', demand);
    return mark['daemonKey'] === publicKey
      ? ok('backup', `made at ${String(mark['at'])}`)
      : warn('backup', `the last one is of another key; ${demand}`);
  } catch {
    return warn('backup', `none was made here; ${demand}`);
  }
}

async function checkStateDir({ stateDir }: DaemonConfig): Promise<readonly Finding[]> {
  try {
    const { mode } = await stat(stateDir);
    await access(stateDir, constants.W_OK);
    const { free, total } = await freeBytes(stateDir);
    const left = `${Math.round(free / 1024 ** 2)} MiB of ${Math.round(total / 1024 ** 2)} MiB free`;
    return [
      (mode & 0o007) === 0
        ? ok('state', stateDir)
        : fail('state', `${stateDir} is open to everybody; chmod 700 ${stateDir}`),
      free < FREE_BYTES_MIN
        ? warn('disk', `${left}; make room below ${stateDir}`)
        : ok('disk', left),
    ];
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? '';
    if (code === 'ENOENT') {
      return [warn('state', `${stateDir} is not there yet; the daemon makes it when it starts`)];
    }
    return [fail('state', `${stateDir} cannot be written by this user (${code})`)];
  }
}

async function checkDaemon({ controlSocket }: DaemonConfig, signal: AbortSignal): Promise<Finding> {
  try {
    const status = await askDaemon(controlSocket, 'status', {}, signal);
    const notices = noticesIn(status);
    return notices.length > 0
      ? fail('daemon', `runs; ${notices.join('; ')}. docs/operations.md says what to do`)
      : ok('daemon', 'runs');
  } catch (cause) {
    if (!(cause instanceof ReconcileError)) throw cause;
    return warn('daemon', cause.message);
  }
}

async function checkSource(config: DaemonConfig, signal: AbortSignal): Promise<Finding> {
  const { url, branch } = config.source;
  try {
    const look = await lookAtSource(config, signal);
    return look.tip === null
      ? fail('source', `${url} has no branch ${branch}${instead(look.branches, config)}`)
      : ok('source', `${branch} is at ${look.tip.slice(0, 7)}`);
  } catch (cause) {
    if (!(cause instanceof ReconcileError)) throw cause;
    return fail('source', cause.message);
  }
}

/** What `source.branch` might name instead: people and versions of git have other habits. */
function instead(branches: readonly string[], { source, status }: DaemonConfig): string {
  const others = branches
    .filter((name) => name !== status.branch && isSafeRefName(`${BRANCHES}${name}`))
    .toSorted();
  if (others.length === 0) return ': nothing has been pushed to it yet';
  const shown = others.slice(0, BRANCHES_SHOWN);
  if (others.length > shown.length) shown.push(`${others.length - shown.length} more`);
  return `; it has ${shown.join(', ')}: push ${source.branch}, or name one of these in source.branch`;
}

/** Whoever may push the status branch must not be able to push what nodes run. */
function checkSeparation({ source, status }: DaemonConfig): Finding {
  return source.url === status.url
    ? warn(
        'separation',
        `the daemon's credential can write this repository: protect ${source.branch} so that it may write ${status.branch} only`,
      )
    : ok('separation', 'the status branch is in a repository of its own');
}
