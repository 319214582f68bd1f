import { optionalSecretPath } from '../../daemon/secrets.ts';
import type { DaemonConfig } from '../../io/config.ts';
import { HTTP_LIMITS } from '../../io/git/http-client.ts';
import { openLocalRepository } from '../../io/git/local-repository.ts';
import { listBranches, listTip } from '../../io/git/mirror.ts';
import { BRANCHES, branchesIn, resolveRef } from '../../io/git/refs.ts';
import { parseRemoteUrl } from '../../io/git/remote-url.ts';

const LOOK_MS = 10_000;

/** The tip of a branch; where there is none, the branches that there are. */
type Look = { readonly tip: string } | { readonly tip: null; readonly branches: readonly string[] };

/**
 * The source branch as the daemon will see it: its URL, its credential.
 * @throws ReconcileError SOURCE_… UNREACHABLE, AUTH, TIMEOUT, UNSUPPORTED
 */
export async function lookAtSource(
  { source: { url, branch, credentials, caFile } }: DaemonConfig,
  signal: AbortSignal,
): Promise<Look> {
  const location = parseRemoteUrl(url, 'SOURCE');
  if (location.kind === 'path') {
    const { gitdir } = await openLocalRepository(location.path, 'SOURCE');
    const tip = await resolveRef(gitdir, `${BRANCHES}${branch}`);
    return tip === null ? { tip, branches: await branchesIn(gitdir) } : { tip };
  }
  const remote = {
    url: location.url,
    scope: 'SOURCE',
    credentialsFile: optionalSecretPath(credentials),
    caFile,
    limits: { ...HTTP_LIMITS, deadlineMs: LOOK_MS },
  } as const;
  const tip = await listTip(remote, branch, signal);
  return tip === null ? { tip, branches: await listBranches(remote, signal) } : { tip };
}
