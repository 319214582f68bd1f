import { optionalSecretPath } from '../../daemon/secrets.ts';
import type { DaemonConfig } from '../../io/config.ts';
import { HTTP_LIMITS } from '../../io/git/http-client.ts';
import { openLocalRepository } from '../../io/git/local-repository.ts';
import { listTip } from '../../io/git/mirror.ts';
import { resolveRef } from '../../io/git/refs.ts';
import { parseRemoteUrl } from '../../io/git/remote-url.ts';

const LOOK_MS = 10_000;

/**
 * The tip of the source branch as the daemon will see it: its URL, its credential; null when there is no such branch.
 * @throws ReconcileError SOURCE_… UNREACHABLE, AUTH, TIMEOUT, UNSUPPORTED
 */
export async function lookAtSource(
  { source: { url, branch, credentials, caFile } }: DaemonConfig,
  signal: AbortSignal,
): Promise<string | null> {
  const location = parseRemoteUrl(url, 'SOURCE');
  if (location.kind === 'path') {
    const { gitdir } = await openLocalRepository(location.path, 'SOURCE');
    return resolveRef(gitdir, `refs/heads/${branch}`);
  }
  const remote = {
    url: location.url,
    scope: 'SOURCE',
    credentialsFile: optionalSecretPath(credentials),
    caFile,
    limits: { ...HTTP_LIMITS, deadlineMs: LOOK_MS },
  } as const;
  return listTip(remote, branch, signal);
}
