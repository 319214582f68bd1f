import { isIP } from 'node:net';
import type { GitScope } from './git-error.ts';
import { gitError } from './git-error.ts';

export type RemoteLocation =
  | { readonly kind: 'http'; readonly url: string }
  | { readonly kind: 'path'; readonly path: string };

/**
 * Sorts a configured `url` before any library sees it: isomorphic-git would try an scp-like URL as a host name.
 * @throws ReconcileError <SCOPE>_UNSUPPORTED for ssh, git, file and scp-like URLs, for plain http beyond loopback and
 *   for credentials inside the URL
 */
export function parseRemoteUrl(text: string, scope: GitScope): RemoteLocation {
  if (/^(\/|\.{1,2}(\/|$)|~\/)/.test(text)) return { kind: 'path', path: text };
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme === 'https' || scheme === 'http') return { kind: 'http', url: httpUrl(text, scope) };
  const name = withoutSecrets(text);
  if (scheme === 'file')
    throw gitError(scope, 'UNSUPPORTED', `${name}: write a local repository as a plain path`);
  if (scheme === 'ssh' || (scheme === undefined && /^[^/]+:(?!\/\/)/.test(text)))
    throw gitError(
      scope,
      'UNSUPPORTED',
      `${name}: ssh is not supported yet; use the https URL with credentials from a file`,
    );
  if (scheme === undefined) return { kind: 'path', path: text };
  throw gitError(scope, 'UNSUPPORTED', `${name}: use an https URL or a path`);
}

function httpUrl(text: string, scope: GitScope): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || url.hostname === '')
    throw gitError(scope, 'UNSUPPORTED', `${withoutSecrets(text)} is not a URL`);
  if (url.username !== '' || url.password !== '')
    throw gitError(
      scope,
      'UNSUPPORTED',
      `${withoutSecrets(text)}: credentials do not belong in the URL; put them into a file and name it as credentials`,
    );
  if (url.search !== '' || url.hash !== '')
    throw gitError(scope, 'UNSUPPORTED', `${withoutSecrets(text)}: a Git URL has no query`);
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    throw gitError(scope, 'UNSUPPORTED', `${text}: plain http is for loopback only; use https`);
  return url.href.replace(/\/+$/, '');
}

function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '');
  return bare === 'localhost' || bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'));
}

/** For messages and logs: a URL without what may stand before its `@` and behind its `?`. */
export function withoutSecrets(text: string): string {
  return text.replace(/\/\/[^/@]*@/, '//').replace(/[?#].*$/s, '');
}
