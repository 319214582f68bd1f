/** Whether the daemon can write its report, and whether what is there is its own. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReconcileError } from '../../core/model/errors.ts';
import { STATE_PATH } from '../../core/report/paths.ts';
import { verifyState } from '../../core/report/state-file.ts';
import { optionalSecretPath } from '../../daemon/secrets.ts';
import type { DaemonConfig } from '../../io/config.ts';
import { silentLog } from '../../io/log.ts';
import { lookAtStatus } from '../../io/status/look-at-status.ts';
import type { PublicKeyText } from '../../protocol/keys.ts';
import { verifyText } from '../../protocol/sign.ts';
import type { StatusTip } from '../../reconcile/ports.ts';
import type { Finding } from './finding.ts';
import { fail, ok, warn } from './finding.ts';

/** Ten commits of a large fleet's report come along. */
const LOOK_MS = 60_000;

/** `publicKey`: the daemon's; null where there is none yet. */
export async function checkStatus(
  config: DaemonConfig,
  publicKey: PublicKeyText | null,
  signal: AbortSignal,
): Promise<Finding> {
  const { url, branch, credentials, caFile } = config.status;
  try {
    const credentialsFile = optionalSecretPath(credentials);
    const look = {
      url,
      branch,
      mirrorDir: await mkdtemp(join(tmpdir(), 'reconciled-doctor-')),
      credentialsFile,
      caFile,
      limits: { deadlineMs: LOOK_MS },
      random: Math.random,
    };
    return await lookAtStatus(look, { log: silentLog, signal }, (tip) =>
      judge(config, publicKey, tip),
    );
  } catch (cause) {
    if (!(cause instanceof ReconcileError)) throw cause;
    return fail('status', cause.message);
  }
}

async function judge(
  { instance, status: { branch } }: DaemonConfig,
  publicKey: PublicKeyText | null,
  tip: StatusTip | null,
): Promise<Finding> {
  if (tip === null) return ok('status', `${branch} is not there yet; the daemon makes it`);
  const at = `${branch} is at ${tip.commit.slice(0, 7)}`;
  if (tip.instance === null) {
    return warn(
      'status',
      `${at}, and no daemon wrote it: what is there goes, in a commit on top of it; name another branch if that is not meant`,
    );
  }
  if (tip.instance !== instance) {
    return fail(
      'status',
      `${at} and belongs to the instance ${JSON.stringify(tip.instance)}; give this daemon (${instance}) a branch of its own`,
    );
  }
  if (publicKey === null) {
    return warn(
      'status',
      `${at}, signed with a key that is not here; put it back (reconciled restore), or every node has to register again`,
    );
  }
  const state = await tip.read(STATE_PATH);
  if (state === null) return warn('status', `${at} and has no ${STATE_PATH}; ${NO_WAY_BACK}`);
  const verified = verifyState(Buffer.from(state).toString('utf8'), (text, signature) =>
    verifyText(publicKey, text, signature),
  );
  return verified.ok
    ? ok('status', `${at}, of this daemon`)
    : warn('status', `${at}, but ${verified.error.message}; ${NO_WAY_BACK}`);
}

const NO_WAY_BACK =
  'until this daemon has written its next report there, a state that is lost would not be restored from it';
