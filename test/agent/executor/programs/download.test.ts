import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import type { IncomingMessage, RequestListener } from 'node:http';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { s3Place } from '../../../../src/agent/executor/programs/s3.ts';
import { openStaging } from '../../../../src/agent/executor/programs/staging.ts';
import { dropSecretOutputs, scratchOf } from '../../../../src/agent/executor/secret-outputs.ts';
import { downloadRequest } from '../../../../src/core/document/download-content.ts';
import { withCredentials } from '../../../../src/core/document/download-credentials.ts';
import type { JsonObject } from '../../../../src/core/model/json.ts';
import { fetchInto, place, serve } from '../../../fakes/download.ts';
import { git, makeRepo } from '../../../fakes/git-repo.ts';
import { startGitServer } from '../../../fakes/git-server.ts';

const http = (url: string, more: JsonObject = {}): JsonObject => ({
  sourceType: 'HTTP',
  sourceInfo: { url, allowInsecureDownload: true, ...more },
  destinationPath: 'file.txt',
});

/** Nothing is left beside what was placed. */
const namesIn = (dir: string): readonly string[] => readdirSync(dir).sort();

test('HTTP: a file, private and executable as on AWS; its digest is checked', async (t) => {
  const dir = place(t);
  const url = await serve(t, (_, response) => response.end('hello'));
  const sha256 = createHash('sha256').update('hello').digest('hex');
  const file = join(dir, 'downloads', 'file.txt');
  assert.deepEqual(await fetchInto(dir, http(`${url}/f`, { sha256: sha256.toUpperCase() })), {
    ok: true,
    text: `Content downloaded to ${file}`,
  });
  assert.equal(readFileSync(file, 'utf8'), 'hello');
  assert.equal(statSync(file).mode & 0o777, 0o700);
  const wrong = await fetchInto(dir, http(`${url}/f?secret=1`, { sha256: '0'.repeat(64) }));
  assert.deepEqual(wrong, {
    ok: false,
    text: `SHA-256 of ${url}/f is ${sha256}, not ${'0'.repeat(64)}`,
  });
  assert.deepEqual(namesIn(join(dir, 'downloads')), ['file.txt']);
});

test('HTTP: into a folder under a name of its own, over what was there, and a status is no content', async (t) => {
  const dir = place(t);
  const url = await serve(t, (request, response) => {
    response.statusCode = request.url === '/absent' ? 404 : 200;
    response.end('new');
  });
  const into = await fetchInto(dir, { ...http(url), destinationPath: 'sub/' });
  assert.match(into.text, /\/downloads\/sub\/download[0-9a-f]{16}$/);
  writeFileSync(join(dir, 'downloads', 'file.txt'), 'old');
  assert.equal((await fetchInto(dir, http(url))).ok, true);
  assert.equal(readFileSync(join(dir, 'downloads', 'file.txt'), 'utf8'), 'new');
  assert.deepEqual(await fetchInto(dir, http(`${url}/absent`)), {
    ok: false,
    text: `${url}/absent answers 404 (attempt 6, the last)`,
  });
});

test('HTTP: a cut answer leaves what was there', async (t) => {
  const dir = place(t);
  mkdirSync(join(dir, 'downloads'));
  writeFileSync(join(dir, 'downloads', 'file.txt'), 'old');
  const url = await serve(t, (_, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('half');
    setTimeout(() => response.destroy(), 50);
  });
  assert.match((await fetchInto(dir, http(url))).text, /broke off after 4 bytes/);
  assert.equal(readFileSync(join(dir, 'downloads', 'file.txt'), 'utf8'), 'old');
  assert.deepEqual(namesIn(join(dir, 'downloads')), ['file.txt']);
});

test('HTTP: Basic goes to its own origin only, and endless redirects end', async (t) => {
  const seen: (string | undefined)[] = [];
  const dir = place(t);
  const other = await serve(t, (request, response) => {
    seen.push(request.headers.authorization);
    response.end('there');
  });
  const url = await serve(t, (request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(302, { location: request.url === '/loop' ? '/loop' : other }).end();
  });
  const auth = { authMethod: 'Basic', username: 'u', password: 'p' };
  assert.equal((await fetchInto(dir, http(`${url}/go`, auth))).ok, true);
  assert.deepEqual(seen, [`Basic ${Buffer.from('u:p').toString('base64')}`, undefined]);
  assert.match((await fetchInto(dir, http(`${url}/loop`))).text, /more than 5 redirects/);
});

test('HTTP: Digest answers the challenge once', async (t) => {
  const dir = place(t);
  const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
  const url = await serve(t, (request, response) => {
    const given = request.headers.authorization ?? '';
    const field = (name: string): string => new RegExp(`${name}="?([^",]+)`).exec(given)?.[1] ?? '';
    const right = md5(
      [md5('u:here:p'), 'n1', field('nc'), field('cnonce'), 'auth', md5('GET:/f?a=1')].join(':'),
    );
    if (field('response') === right) return response.end('in');
    const challenge = 'Digest realm="here", nonce="n1", qop="auth", opaque="o"';
    return response.writeHead(401, { 'www-authenticate': challenge }).end();
  });
  const auth = { authMethod: 'Digest', username: 'u', password: 'p' };
  assert.equal((await fetchInto(dir, http(`${url}/f?a=1`, auth))).ok, true);
  const denied = await fetchInto(dir, http(`${url}/f?a=1`, { ...auth, password: 'x' }));
  assert.match(denied.text, /answers 401/);
});

test('HTTP: Digest answers anew after a redirect', async (t) => {
  const dir = place(t);
  const url = await serve(t, (request, response) => {
    const given = request.headers.authorization ?? '';
    if (given.includes(`uri="${request.url}"`) && given.includes(`nonce="n${request.url}"`))
      return request.url === '/a'
        ? response.writeHead(302, { location: '/b' }).end()
        : response.end('in');
    const challenge = `Digest realm="here", nonce="n${request.url}", qop="auth"`;
    return response.writeHead(401, { 'www-authenticate': challenge }).end();
  });
  const auth = { authMethod: 'Digest', username: 'u', password: 'p' };
  assert.deepEqual((await fetchInto(dir, http(`${url}/a`, auth))).ok, true);
});

test('HTTP: credentials in a URL are for its own place, and no other scheme is followed', async (t) => {
  const seen: (string | undefined)[] = [];
  const dir = place(t);
  const other = await serve(t, (request, response) => {
    seen.push(request.headers.authorization);
    response.end();
  });
  const leads: { readonly [path: string]: string } = {
    '/go': `${other}/f`,
    '/file': 'file:///etc/passwd',
  };
  const url = await serve(t, (request, response) => {
    seen.push(request.headers.authorization);
    const location = leads[request.url ?? ''];
    if (location === undefined) response.end();
    else response.writeHead(302, { location }).end();
  });
  const withUser = (path: string, user: string) => url.replace('//', `//${user}@`) + path;
  assert.equal((await fetchInto(dir, http(withUser('/go', 'u:p%40ss')))).ok, true);
  assert.deepEqual(seen, [`Basic ${Buffer.from('u:p@ss').toString('base64')}`, undefined]);
  assert.equal((await fetchInto(dir, http(withUser('/f', 'u%zz')))).ok, true);
  const elsewhere = await fetchInto(dir, http(`${url}/file`));
  assert.deepEqual(elsewhere, { ok: false, text: 'file:///etc/passwd is not https' });
});

test('HTTP: plain http only where it is allowed, nobody is there, and the deadline ends a silent server', async (t) => {
  const dir = place(t);
  const plain = await fetchInto(
    dir,
    http('http://127.0.0.1:1/f', { allowInsecureDownload: false }),
  );
  assert.match(plain.text, /^Non secure URL provided/);
  assert.match((await fetchInto(dir, http('http://127.0.0.1:1/f'))).text, /cannot be reached/);
});

// --- where files may stand -----------------------------------------------------------------------------------------

test('a destination stays below downloads, whatever its segments and links say', async (t) => {
  const dir = place(t);
  const url = await serve(t, (_, response) => response.end('x'));
  const downloads = join(dir, 'downloads');
  mkdirSync(join(downloads, 'real'), { recursive: true });
  symlinkSync('/tmp', join(downloads, 'out'));
  symlinkSync(join(dir, 'nowhere'), join(downloads, 'dangling'));
  symlinkSync(join(dir, 'victim'), join(downloads, 'file.txt'));
  writeFileSync(join(dir, 'victim'), 'untouched');
  for (const destinationPath of ['../x', 'real/../../x', 'out/x', 'out/', 'dangling/x', '..'])
    assert.equal(
      (await fetchInto(dir, { ...http(url), destinationPath })).ok,
      false,
      destinationPath,
    );
  // A link in the way is replaced, never followed.
  assert.equal((await fetchInto(dir, http(url))).ok, true);
  assert.equal(readFileSync(join(dir, 'victim'), 'utf8'), 'untouched');
  assert.equal(lstatSync(join(downloads, 'file.txt')).isSymbolicLink(), false);
  const absolute = join(dir, 'elsewhere', 'deep', 'f');
  assert.equal((await fetchInto(dir, { ...http(url), destinationPath: absolute })).ok, true);
  assert.equal(readFileSync(absolute, 'utf8'), 'x');
});

test('what a document may write as a destination is an answer, and no device is ever replaced', async (t) => {
  const dir = place(t);
  const url = await serve(t, (_, response) => response.end('x'));
  const pipe = join(dir, 'pipe');
  execFileSync('mkfifo', [pipe]);
  mkdirSync(join(dir, 'downloads', 'folder'), { recursive: true });
  symlinkSync('loop', join(dir, 'downloads', 'loop'));
  for (const destinationPath of [
    pipe,
    `${pipe}/x`,
    'x'.repeat(300),
    'a/'.repeat(3_000),
    'loop/x',
    'folder/../..',
    '/proc/none/x',
  ]) {
    const { ok, text } = await fetchInto(dir, { ...http(url), destinationPath });
    assert.equal(ok, false, text);
  }
  assert.ok(lstatSync(pipe).isFIFO());
  // What stands at a name of a folder that is downloaded is treated alike.
  const repo = makeRepo(dir, 'fleet.git');
  repo.commit({ pipe: 'content', other: 'content' });
  const inputs = { ...gitInputs(`file://${repo.bare}`), destinationPath: dir };
  const { ok, text } = await fetchInto(dir, inputs);
  assert.equal(ok, false);
  assert.match(text, /pipe is in the way: it is no file$/);
  assert.ok(lstatSync(pipe).isFIFO());
});

test('what a document may write as a source is an answer', async (t) => {
  const dir = place(t);
  for (const [sourceType, sourceInfo] of [
    ['Git', { repository: 'https://' }],
    ['Git', { repository: 'https://[' }],
    ['Git', { repository: 'file:///a\0b' }],
    ['Git', { repository: 'file:///none', getOptions: 'branch:a\0b' }],
    ['Git', { repository: 'file:///none', getOptions: 'commitID:--help' }],
    ['Git', { repository: '--upload-pack=touch x' }],
    ['Git', { repository: 'ssh://-oProxyCommand=x/y' }],
    ['Git', { repository: 'ext::sh -c id' }],
    ['Git', { repository: 'http://127.0.0.1:1/x', username: 'a\nb', password: 'é' }],
    ['HTTP', { url: 'https://127.0.0.1:1/', authMethod: 'Basic', username: 'a\r\nX: y' }],
    ['S3', { path: 'https://127.0.0.1:1/%zz/%00' }],
    ['S3', { path: 'https://127.0.0.1:1/b/../..' }],
    ['GitHub', { owner: 'a', repository: 'b.git', path: '../../x' }],
  ] as const) {
    const { ok, text } = await fetchInto(dir, { sourceType, sourceInfo });
    assert.equal(ok, false, text);
    assert.doesNotMatch(text, /ERR_|TypeError/);
  }
});

// --- Git -----------------------------------------------------------------------------------------------------------

const gitInputs = (repository: string, more: JsonObject = {}): JsonObject => ({
  sourceType: 'Git',
  sourceInfo: JSON.stringify({ repository, ...more }),
  destinationPath: 'repo',
});

test('Git: head, branch and commit over a real git http-backend, with credentials', async (t) => {
  const dir = place(t);
  const repo = makeRepo(dir, 'fleet.git');
  const first = repo.commit({ 'a.txt': 'one', 'sub/b.sh': 'two' });
  repo.commit({ 'a.txt': 'changed' });
  repo.commit({ 'c.txt': 'side' }, { branch: 'side' });
  const server = await startGitServer({ root: dir, auth: { username: 'u', password: 'p' } });
  t.after(() => server.close());
  const url = `${server.url}/fleet.git`;
  const read = (name: string): string => readFileSync(join(dir, 'downloads', 'repo', name), 'utf8');
  const credentials = { username: 'u', password: 'p' };

  assert.match((await fetchInto(dir, gitInputs(url, credentials))).text, /^Content downloaded/);
  assert.deepEqual([read('a.txt'), read('sub/b.sh')], ['changed', 'two']);
  assert.deepEqual(namesIn(join(dir, 'downloads', 'repo')), ['a.txt', 'sub']);

  const atFirst = gitInputs(url, { ...credentials, getOptions: `commitID:${first}` });
  assert.equal((await fetchInto(dir, atFirst)).ok, true);
  assert.equal(read('a.txt'), 'one');

  const onSide = gitInputs(url, { ...credentials, getOptions: 'branch:side' });
  assert.equal((await fetchInto(dir, onSide)).ok, true);
  assert.equal(read('c.txt'), 'side');

  assert.match((await fetchInto(dir, gitInputs(url))).text, /cannot be fetched.*401/);
  const absent = gitInputs(url, { ...credentials, getOptions: 'branch:absent' });
  assert.match((await fetchInto(dir, absent)).text, /cannot be fetched/);
  assert.deepEqual(namesIn(join(dir, 'scratch')), [], 'no repository is left');
});

test('Git: the system’s git for a path, and no transport but those of the language', async (t) => {
  const dir = place(t);
  const repo = makeRepo(dir, 'fleet.git');
  const first = repo.commit({ 'a.txt': 'one' });
  repo.commit({ 'a.txt': 'two' });
  const file = `file://${repo.bare}`;
  assert.equal((await fetchInto(dir, gitInputs(file))).ok, true);
  assert.equal(readFileSync(join(dir, 'downloads', 'repo', 'a.txt'), 'utf8'), 'two');
  assert.equal(
    (await fetchInto(dir, gitInputs(file, { getOptions: `commitID:${first}` }))).ok,
    true,
  );
  assert.equal(readFileSync(join(dir, 'downloads', 'repo', 'a.txt'), 'utf8'), 'one');
  const marker = join(dir, 'run');
  for (const repository of [`ext::sh -c touch% ${marker}`, `--upload-pack=touch ${marker}`])
    assert.equal((await fetchInto(dir, gitInputs(repository))).ok, false, repository);
  assert.equal(namesIn(dir).includes('run'), false);
});

test('Git: a commit that only a tag leads to, over http and from a file', async (t) => {
  const dir = place(t);
  const repo = makeRepo(dir, 'fleet.git');
  repo.commit({ 'a.txt': 'one' });
  const tagged = repo.commit({ 'a.txt': 'tagged' }, { branch: 'gone' });
  git(repo.work, ['tag', '-a', 'v1', '-m', 'x', tagged]);
  git(repo.work, ['push', '-q', 'origin', 'v1']);
  repo.deleteBranch('gone');
  const server = await startGitServer({ root: dir });
  t.after(() => server.close());
  for (const url of [`${server.url}/fleet.git`, `file://${repo.bare}`]) {
    const done = await fetchInto(dir, gitInputs(url, { getOptions: `commitID:${tagged}` }));
    assert.equal(done.ok, true, done.text);
    assert.equal(readFileSync(join(dir, 'downloads', 'repo', 'a.txt'), 'utf8'), 'tagged');
  }
});

test('Git: links that lead out of the download are refused, others are links', async (t) => {
  const dir = place(t);
  const repo = makeRepo(dir, 'fleet.git');
  const commitLink = (name: string, target: string): void => {
    mkdirSync(dirname(join(repo.work, name)), { recursive: true });
    symlinkSync(target, join(repo.work, name));
    git(repo.work, ['add', '-A']);
    git(repo.work, ['commit', '-qm', 'link']);
    git(repo.work, ['push', '-q', 'origin', 'HEAD:main']);
  };
  repo.commit({ 'sub/a.txt': 'a' });
  commitLink('sub/up', '../sub/a.txt');
  const file = `file://${repo.bare}`;
  assert.equal((await fetchInto(dir, gitInputs(file))).ok, true);
  assert.equal(readlinkSync(join(dir, 'downloads', 'repo', 'sub', 'up')), '../sub/a.txt');
  commitLink('sub/etc', '../../../etc');
  assert.deepEqual(await fetchInto(dir, gitInputs(file)), {
    ok: false,
    text: 'sub/etc is a link that leads out of the download',
  });
});

test('GitHub: master or the default branch, a folder or a file of it', async (t) => {
  const dir = place(t);
  mkdirSync(join(dir, 'ops'));
  const repo = makeRepo(join(dir, 'ops'), 'fleet.git');
  repo.commit({ 'a.txt': 'main', 'scripts/x.sh': 'x', 'scripts/deep/y.sh': 'y' });
  const server = await startGitServer({ root: dir });
  t.after(() => server.close());
  const from = (info: JsonObject, destinationPath: string) =>
    fetchInto(
      dir,
      {
        sourceType: 'GitHub',
        sourceInfo: { owner: 'ops', repository: 'fleet', ...info },
        destinationPath,
      },
      { gitHubUrl: server.url },
    );
  const at = (name: string): string => readFileSync(join(dir, 'downloads', name), 'utf8');
  assert.match((await from({}, 'all')).text, /^Content downloaded/);
  assert.equal(at('all/a.txt'), 'main');
  assert.equal((await from({ path: 'scripts' }, 'some')).ok, true);
  assert.deepEqual(namesIn(join(dir, 'downloads', 'some')), ['deep', 'x.sh']);
  assert.equal(
    (await from({ path: 'scripts/deep/y.sh' }, '')).text.endsWith('/downloads/y.sh'),
    true,
  );
  repo.commit({ 'a.txt': 'from master' }, { branch: 'master' });
  assert.match((await from({}, 'all')).text, /^Content downloaded/);
  assert.equal(at('all/a.txt'), 'from master');
  assert.match((await from({ path: 'absent' }, 'x')).text, /there is no absent/);
  assert.equal((await from({ path: '../..' }, 'x')).ok, false);
  assert.equal((await from({ owner: '..' }, 'x')).ok, false);
});

test('GitHub: the token is the password that GitHub asks for', async (t) => {
  const dir = place(t);
  mkdirSync(join(dir, 'ops'));
  makeRepo(join(dir, 'ops'), 'fleet.git').commit({ 'a.txt': 'private' });
  const auth = { username: 'x-access-token', password: 'ghp_1' };
  const server = await startGitServer({ root: dir, auth });
  t.after(() => server.close());
  const asked = (tokenInfo: string) => {
    const sourceInfo = { owner: 'ops', repository: 'fleet', tokenInfo: '{{ssm-secure:token}}' };
    const inputs = { sourceType: 'GitHub', sourceInfo };
    const request = downloadRequest(inputs);
    assert.ok(request.ok);
    const source = withCredentials(request.value.source, { tokenInfo });
    return fetchInto(dir, inputs, { gitHubUrl: server.url, source });
  };
  assert.equal((await asked('ghp_1')).ok, true);
  assert.equal(readFileSync(join(dir, 'downloads', 'a.txt'), 'utf8'), 'private');
  assert.match((await asked('ghp_2')).text, /cannot be fetched: HTTP Error: 401/);
});

// --- S3 ------------------------------------------------------------------------------------------------------------

/** A bucket of few objects; tells what it was asked and with which signature. */
function bucket(
  objects: { readonly [key: string]: string },
  asked: IncomingMessage[],
): RequestListener {
  return (request, response) => {
    asked.push(request);
    const url = new URL(request.url ?? '', 'http://x');
    const key = decodeURIComponent(url.pathname.replace(/^\/bucket\//, ''));
    if (url.searchParams.get('list-type') === '2') {
      const prefix = url.searchParams.get('prefix') ?? '';
      const all = Object.keys(objects).filter((one) => one.startsWith(prefix));
      const start = Number(url.searchParams.get('continuation-token') ?? 0);
      const keys = all.slice(start, start + 2);
      const escaped = keys.map(
        (one) => `<Contents><Key>${one.replace('&', '&amp;')}</Key></Contents>`,
      );
      const next =
        start + 2 < all.length ? `<NextContinuationToken>${start + 2}</NextContinuationToken>` : '';
      return response.end(`<ListBucketResult>${escaped.join('')}${next}</ListBucketResult>`);
    }
    response.statusCode = key in objects ? 200 : 404;
    return response.end(objects[key]);
  };
}

const s3 = (path: string, destinationPath = 'got'): JsonObject => ({
  sourceType: 'S3',
  sourceInfo: { path },
  destinationPath,
});

test('S3: an object, a prefix over several pages, unsigned and signed', async (t) => {
  const dir = place(t);
  const asked: IncomingMessage[] = [];
  const objects = { 'a/one.sh': '1', 'a/b & c/two.sh': '2', 'a/three.sh': '3', 'ab/no.sh': 'x' };
  const url = await serve(t, bucket(objects, asked));
  const got = (name: string): string => readFileSync(join(dir, 'downloads', 'got', name), 'utf8');
  assert.equal((await fetchInto(dir, s3(`${url}/bucket/a/one.sh`, 'one'))).ok, true);
  assert.equal(readFileSync(join(dir, 'downloads', 'one'), 'utf8'), '1');
  assert.equal((await fetchInto(dir, s3(`${url}/bucket/a`))).ok, true);
  assert.deepEqual([got('one.sh'), got('b & c/two.sh'), got('three.sh')], ['1', '2', '3']);
  assert.deepEqual(namesIn(join(dir, 'downloads', 'got')), ['b & c', 'one.sh', 'three.sh']);
  assert.ok(asked.every(({ headers }) => headers.authorization === undefined));

  const credentials = { accessKeyId: 'AKID', secretAccessKey: 'secret', region: 'eu-west-1' };
  writeFileSync(join(dir, 's3.json'), JSON.stringify(credentials));
  assert.equal((await fetchInto(dir, s3(`${url}/bucket/a/`))).ok, true);
  assert.match(
    asked.at(-1)?.headers.authorization ?? '',
    /^AWS4-HMAC-SHA256 Credential=AKID\/\d{8}\/eu-west-1\/s3\/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=[0-9a-f]{64}$/,
  );
});

test('S3: keys that would leave the folder are refused, and what is not there says so', async (t) => {
  const dir = place(t);
  const url = await serve(t, bucket({ 'a/../../evil': 'x', 'b/.git/config': 'y' }, []));
  for (const path of ['a', 'b'])
    assert.match(
      (await fetchInto(dir, s3(`${url}/bucket/${path}/`))).text,
      /is no name for a file/,
    );
  assert.match((await fetchInto(dir, s3(`${url}/bucket/none`))).text, /there is no object at/);
  assert.match((await fetchInto(dir, s3('http://example.org/bucket/x'))).text, /is no https URL/);
});

test('S3: one version of an object, no other query, and names between two slashes are none', async (t) => {
  const dir = place(t);
  const asked: IncomingMessage[] = [];
  const url = await serve(t, bucket({ 'a/one.sh': '1', 'b//two.sh': '2' }, asked));
  const one = `${url}/bucket/a/one.sh`;
  assert.equal((await fetchInto(dir, s3(`${one}?versionId=a%2Bb`, 'one'))).ok, true);
  assert.deepEqual(
    asked.map((request) => request.url),
    ['/bucket/a/one.sh?versionId=a%2Bb'],
  );
  for (const [path, why] of [
    [`${one}?X-Amz-Signature=1`, /X-Amz-Signature in the query/],
    [`${url}/bucket/a/?versionId=1`, /versionId is for a single object/],
  ] as const)
    assert.match((await fetchInto(dir, s3(path))).text, why);
  assert.equal((await fetchInto(dir, s3(`${url}/bucket/b/`))).ok, true);
  assert.equal(readFileSync(join(dir, 'downloads', 'got', 'two.sh'), 'utf8'), '2');
});

test('S3: the host of a bucket is told in time that grows with its length', () => {
  const long = Array.from({ length: 60 }, () => '-a').join('');
  assert.deepEqual(s3Place(`https://a.s3${long}.example/x/y`), {
    bucketUrl: `https://a.s3${long}.example/x/`,
    key: 'y',
    versionId: '',
  });
  for (const host of ['b.s3', 'b.c.s3.eu-west-1', 'b.s3-us-west-2', 'b.s3.dualstack.eu-west-1'])
    assert.deepEqual(s3Place(`https://${host}.amazonaws.com/k`)?.key, 'k', host);
  assert.equal(s3Place('https://s3.eu-west-1.amazonaws.com/b/k')?.key, 'k');
});

test('a download that was killed leaves nothing once its run is over', async (t) => {
  const dir = place(t);
  const folder = join(dir, 'run');
  const elsewhere = join(dir, 'elsewhere');
  const destination = { path: elsewhere, isFolder: true };
  const staging = await openStaging(destination, scratchOf(folder));
  await (await staging.file(['f'])).close();
  writeFileSync(join(elsewhere, 'kept'), 'x');
  // A record that names something else removes nothing.
  writeFileSync(join(scratchOf(folder), `staged-${'0'.repeat(16)}`), elsewhere);
  // Nor does what a script leaves there end the agent.
  mkdirSync(join(scratchOf(folder), `staged-${'1'.repeat(16)}`));
  execFileSync('mkfifo', [join(scratchOf(folder), `staged-${'2'.repeat(16)}`)]);
  writeFileSync(join(scratchOf(folder), `staged-${'3'.repeat(16)}`), 'a\0b');
  dropSecretOutputs(folder);
  assert.deepEqual(namesIn(elsewhere), ['kept']);
});

test('SSMDocument: what came with the job, as JSON', async (t) => {
  const dir = place(t);
  const inputs = { sourceType: 'SSMDocument', sourceInfo: { name: 'Greet:2' } };
  const document = { schemaVersion: '2.2', mainSteps: [] };
  assert.equal((await fetchInto(dir, inputs, { document })).ok, true);
  assert.deepEqual(
    JSON.parse(readFileSync(join(dir, 'downloads', 'Greet.json'), 'utf8')),
    document,
  );
});
