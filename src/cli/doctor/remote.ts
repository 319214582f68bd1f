/** One look at a remote, as the daemon will see it: its URL, its credential, its branch. */
import { optionalSecretPath } from '../../daemon/secrets.ts';
import type { DaemonConfig } from '../../io/config.ts';
import { HTTP_LIMITS } from '../../io/git/http-client.ts';
import { openLocalRepository } from '../../io/git/local-repository.ts';
import { listTip } from '../../io/git/mirror.ts';
import { resolveRef } from '../../io/git/refs.ts';
import { parseRemoteUrl } from '../../io/git/remote-url.ts';

const LOOK_MS = 10_000;

/**
 * The tip of its branch; null when there is no such branch.
 * @throws ReconcileError SOURCE_… or STATUS_… UNREACHABLE, AUTH, TIMEOUT, UNSUPPORTED
 */
export async function lookAtRemote(
  which: 'source' | 'status',
  config: DaemonConfig,
  signal: AbortSignal,
): Promise<string | null> {
  const { url, branch, credentials, caFile } = config[which];
  const scope = which === 'source' ? 'SOURCE' : 'STATUS';
  const location = parseRemoteUrl(url, scope);
  if (location.kind === 'path') {
    const { gitdir } = await openLocalRepository(location.path, scope);
    return resolveRef(gitdir, `refs/heads/${branch}`);
  }
  const remote = {
    url: location.url,
    scope,
    credentialsFile: optionalSecretPath(credentials),
    caFile,
    limits: { ...HTTP_LIMITS, deadlineMs: LOOK_MS },
  } as const;
  return listTip(remote, branch, signal);
}
