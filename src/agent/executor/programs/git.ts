import { spawn } from 'node:child_process';
import * as fs from 'node:fs';

import git from 'isomorphic-git';
import { Agent, request } from 'undici';
import type { GitRef } from '../../../core/document/download-content.ts';
import { removeScratchDir, writeScratch } from '../../../disk/scratch.ts';
import { SCRIPT_PATH } from '../supervisor.ts';
import { basicAuthorization, dropBody, shown } from './http.ts';
import type { Patience } from './patience.ts';
import { again } from './patience.ts';
import { checkSegment, DOWNLOAD_FILES_MAX, DownloadError, PassingError } from './placed.ts';
import type { Staging } from './staging.ts';

export type GitSource = GitRef & {
  readonly repository: string;
  readonly username: string;
  readonly password: string;
  readonly privateSSHKey: string;
  readonly skipHostKeyChecking: boolean;
  /** Tried before the default branch when neither branch nor commit is asked for. */
  readonly usualBranch: string;
};

const quietMs = 60_000;
const PACK_BYTES_MAX = 512 * 1024 * 1024;

/**
 * The tree of the state that is asked for, below `path` of it, into `staging`; `gitdir` is a scratch folder.
 * @returns the name of the single file when `path` is one, else null
 */
export async function fetchTree(
  source: GitSource,
  {
    gitdir,
    path,
    staging,
    patience,
  }: {
    readonly gitdir: string;
    readonly path: string;
    readonly staging: Staging;
    readonly patience: Patience;
  },
): Promise<string | null> {
  const oid = await fetchCommit(source, gitdir, patience);
  const segments = path.split('/').filter((one) => one !== '' && one !== '.');
  for (const segment of segments) checkSegment(segment);
  const objects: Objects = { fs, gitdir, cache: {} };
  const { commit } = await git.readCommit({ ...objects, oid });
  const entry = await entryAt(objects, commit.tree, segments);
  if (entry === null) throw new DownloadError(`there is no ${path} in ${named(source)}`);
  if (entry.type === 'blob') {
    const name = segments.at(-1) ?? '';
    await writeBlob({ objects, staging }, entry.oid, [name]);
    return name;
  }
  await writeTree({ objects, staging, trees: 0 }, entry.oid, []);
  return null;
}

/** Spec/documents.md says nothing of AWS's agent trying again here; whoever runs a fleet expects of Git what HTTP and S3 do. */
function fetchCommit(source: GitSource, gitdir: string, patience: Patience): Promise<string> {
  const { signal } = patience;
  const isHttp = /^https?:/i.test(source.repository);
  const ssh = isHttp ? '' : sshCommand(source, `${gitdir}.key`);
  return again(async () => {
    await removeScratchDir(gitdir); // what an attempt before has left is no ground for this one
    return isHttp
      ? fetchOverHttp(source, gitdir, signal)
      : fetchWithGit(source, { gitdir, ssh, signal });
  }, patience);
}

/** Where objects are read; without a cache the library would read the index of every pack for each of them. */
type Objects = { readonly fs: typeof fs; readonly gitdir: string; readonly cache: object };

type Entry = { readonly type: string; readonly oid: string };

async function entryAt(
  objects: Objects,
  tree: string,
  segments: readonly string[],
): Promise<Entry | null> {
  let at: Entry = { type: 'tree', oid: tree };
  for (const segment of segments) {
    if (at.type !== 'tree') return null;
    const { tree: entries } = await git.readTree({ ...objects, oid: at.oid });
    const found = entries.find((one) => one.path === segment);
    if (found === undefined) return null;
    at = found;
  }
  return at.type === 'commit' ? null : at;
}

/** `trees`: how many were read. Few objects can name each other without end. */
type Writing = { readonly objects: Objects; readonly staging: Staging; trees: number };

async function writeTree(writing: Writing, oid: string, at: readonly string[]): Promise<void> {
  const { objects, staging } = writing;
  if (at.length > 64) throw new DownloadError('folders nest more than 64 deep');
  writing.trees += 1;
  if (writing.trees > DOWNLOAD_FILES_MAX)
    throw new DownloadError(`more than ${DOWNLOAD_FILES_MAX} folders`);
  const { tree } = await git.readTree({ ...objects, oid });
  if (tree.length > DOWNLOAD_FILES_MAX)
    throw new DownloadError(`more than ${DOWNLOAD_FILES_MAX} files`);
  if (new Set(tree.map((entry) => entry.path)).size < tree.length)
    throw new DownloadError(`${['', ...at].join('/') || '/'} holds one name twice`);
  for (const entry of tree) {
    const name = [...at, entry.path];
    checkSegment(entry.path);
    if (entry.type === 'tree') await writeTree(writing, entry.oid, name);
    else if (entry.mode === '120000') {
      const { blob } = await git.readBlob({ ...objects, oid: entry.oid });
      staging.link(name, Buffer.from(blob).toString('utf8'));
    } else if (entry.type === 'blob') await writeBlob(writing, entry.oid, name);
  }
}

async function writeBlob(
  { objects, staging }: Pick<Writing, 'objects' | 'staging'>,
  oid: string,
  name: readonly string[],
): Promise<void> {
  const { blob } = await git.readBlob({ ...objects, oid });
  const file = await staging.file(name);
  try {
    await file.write(blob);
  } finally {
    await file.close();
  }
}

// --- over http, in this process ---------------------------------------------------------------------------------

async function fetchOverHttp(
  source: GitSource,
  gitdir: string,
  signal: AbortSignal,
): Promise<string> {
  const { repository: url, branch, commitID, usualBranch } = source;
  const { http, passing } = httpFor(source, signal);
  await git.init({ fs, gitdir, bare: true });
  await git.addRemote({ fs, gitdir, remote: 'origin', url });
  const common = { fs, http, gitdir, url, remote: 'origin', tags: false };
  try {
    if (commitID !== '') {
      await git.fetch({ ...common, singleBranch: false, tags: true });
      const oid = await git.expandOid({ fs, gitdir, oid: commitID.toLowerCase() });
      await git.readCommit({ fs, gitdir, oid });
      return oid;
    }
    const wanted = branch !== '' ? branch : await branchOf(source, http, usualBranch);
    const fetched = await git.fetch({
      ...common,
      singleBranch: true,
      depth: 1,
      ...(wanted === '' ? {} : { ref: wanted }),
    });
    if (fetched.fetchHead === null) throw new DownloadError(`${named(source)} is empty`);
    return fetched.fetchHead;
  } catch (cause) {
    const told = passing();
    if (told !== null) throw told;
    if (cause instanceof DownloadError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DownloadError(`${named(source)} cannot be fetched: ${why}`);
  }
}

/** What a server, or what is before it, says for now; 404 is what a forge says of a repository that one may not see. */
const passes = (status: number): boolean => status === 408 || status === 429 || status >= 500;

/** The usual branch where there is one; '' is the remote's own head. */
async function branchOf(source: GitSource, http: GitHttp, usual: string): Promise<string> {
  if (usual === '') return '';
  const refs = await git.listServerRefs({
    http,
    url: source.repository,
    prefix: `refs/heads/${usual}`,
    protocolVersion: 1,
  });
  return refs.some(({ ref }) => ref === `refs/heads/${usual}`) ? usual : '';
}

type GitHttp = Parameters<typeof git.fetch>[0]['http'];

/**
 * Credentials for this one origin; redirects are refused, answers have a bound. `passing`: what went wrong on the way and may
 * be gone at the next attempt, whatever the library makes of it.
 */
function httpFor(
  source: GitSource,
  signal: AbortSignal,
): { readonly http: GitHttp; passing(): PassingError | null } {
  const { repository, username, password } = source;
  let passed: PassingError | null = null;
  const onTheWay = (why: string): PassingError => {
    passed = new PassingError(`${named(source)} cannot be fetched: ${why}`);
    return passed;
  };
  const agent = new Agent({
    connect: { timeout: quietMs },
    headersTimeout: quietMs,
    bodyTimeout: quietMs,
  });
  const { origin } = new URL(repository);
  const authorization =
    username === '' && password === ''
      ? {}
      : { authorization: basicAuthorization({ username, password }) };
  const http: GitHttp = {
    async request({ url, method, headers, body }) {
      const sent = body === undefined ? undefined : await collect(body);
      const target = new URL(url);
      const answer = await request(target, {
        method: method === 'POST' ? 'POST' : 'GET',
        headers: {
          ...headers,
          'user-agent': 'git/reconciled',
          ...(target.origin === origin ? authorization : {}),
        },
        ...(sent === undefined ? {} : { body: sent }),
        dispatcher: agent,
        signal,
      }).catch((cause: unknown) => {
        throw onTheWay(wordsOf(cause));
      });
      const { statusCode } = answer;
      if (statusCode >= 300 && statusCode < 400) {
        dropBody(answer.body);
        throw new DownloadError(`${shown(target)} redirects; name the place itself`);
      }
      if (passes(statusCode)) {
        dropBody(answer.body);
        throw onTheWay(`${shown(target)} answers ${statusCode}`);
      }
      return {
        url,
        method: method ?? 'GET',
        statusCode,
        statusMessage: String(statusCode),
        headers: Object.fromEntries(
          Object.entries(answer.headers).map(([name, value]) => [name, String(value)]),
        ),
        body: bounded(answer.body, onTheWay),
      };
    },
  };
  return { http, passing: () => passed };
}

const wordsOf = (cause: unknown): string =>
  cause instanceof Error ? cause.message : String(cause);

async function collect(body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  return Buffer.concat(parts);
}

async function* bounded(
  body: AsyncIterable<Uint8Array>,
  onTheWay: (why: string) => PassingError,
): AsyncIterableIterator<Uint8Array> {
  let bytes = 0;
  try {
    for await (const part of body) {
      bytes += part.length;
      if (bytes > PACK_BYTES_MAX)
        throw new DownloadError(`more than ${PACK_BYTES_MAX} bytes of history`);
      yield part;
    }
  } catch (cause) {
    throw cause instanceof DownloadError ? cause : onTheWay(`it broke off after ${bytes} bytes`);
  }
}

// --- ssh, git and file: the system's git -----------------------------------------------------------------------

async function fetchWithGit(
  { repository, branch, commitID }: GitSource,
  at: { readonly gitdir: string; readonly ssh: string; readonly signal: AbortSignal },
): Promise<string> {
  const { gitdir, ssh, signal } = at;
  // A commit may hang on a tag alone.
  const shallow = commitID === '' ? ['--depth', '1', '--single-branch', '--no-tags'] : [];
  const from = branch === '' ? [] : [`--branch=${branch}`];
  await runGit(
    ['clone', '--bare', '--quiet', ...shallow, ...from, '--', repository, gitdir],
    ssh,
    signal,
  );
  const oid = commitID === '' ? 'HEAD' : commitID;
  if (!/^(HEAD|[0-9a-f]{4,64})$/i.test(oid)) throw new DownloadError(`${oid} is no commit id`);
  return (
    await runGit(['--git-dir', gitdir, 'rev-parse', '--verify', `${oid}^{commit}`], '', signal)
  ).trim();
}

function sshCommand({ privateSSHKey, skipHostKeyChecking }: GitSource, keyFile: string): string {
  const checking = skipHostKeyChecking
    ? '-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null'
    : '-o StrictHostKeyChecking=yes';
  if (privateSSHKey === '') return `ssh -o BatchMode=yes ${checking}`;
  writeScratch(keyFile, `${privateSSHKey.trimEnd()}\n`, 0o600);
  return `ssh -o BatchMode=yes -o IdentitiesOnly=yes -i '${keyFile}' ${checking}`;
}

/** No prompt, no configuration but ours, only the transports that the language has. */
async function runGit(args: readonly string[], ssh: string, signal: AbortSignal): Promise<string> {
  const child = spawn('git', [...safeConfig, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
    env: {
      PATH: SCRIPT_PATH,
      HOME: '/',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_TERMINAL_PROMPT: '0',
      LC_ALL: 'C', // what is said below is looked at
      ...(ssh === '' ? {} : { GIT_SSH_COMMAND: ssh }),
    },
  });
  const [out, error] = [collectText(child.stdout), collectText(child.stderr)];
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new DownloadError(
          cause.code === 'ENOENT'
            ? 'git is not installed, and only http needs none'
            : cause.message,
        ),
      ),
    );
    child.once('close', (exit) => resolve(exit ?? 1));
  });
  if (code === 0) return out();
  const said = error();
  const Failure = ON_THE_WAY.test(said) ? PassingError : DownloadError;
  throw new Failure(`git failed: ${said.trim().slice(0, 500)}`);
}

/** Of git and ssh, about the network. A key or a name that is refused is not among it: asking again locks somebody out. */
const ON_THE_WAY =
  /could not resolve host|temporary failure in name resolution|connection (?:refused|reset|timed out)|operation timed out|network is unreachable|no route to host|early EOF/i;

const safeConfig = [
  ...['-c', 'protocol.allow=never'],
  ...['ssh', 'git', 'file'].flatMap((one) => ['-c', `protocol.${one}.allow=always`]),
  ...['-c', 'core.hooksPath=/dev/null', '-c', 'safe.directory=*'],
];

function collectText(stream: NodeJS.ReadableStream): () => string {
  let text = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    if (text.length < 4_096) text += chunk;
  });
  return () => text;
}

/** A repository for people, its credentials left out. */
function named({ repository }: GitSource): string {
  return URL.canParse(repository) ? shown(new URL(repository)) : repository;
}
