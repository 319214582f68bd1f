import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { again, waitFor } from '../../../../src/agent/executor/programs/patience.ts';
import { DownloadError, PassingError } from '../../../../src/agent/executor/programs/placed.ts';
import { openStaging } from '../../../../src/agent/executor/programs/staging.ts';
import type { Told } from '../../../fakes/download.ts';
import { fetchInto, place, serve } from '../../../fakes/download.ts';
import { makeRepo } from '../../../fakes/git-repo.ts';
import type { Fault } from '../../../fakes/git-server.ts';
import { startGitServer } from '../../../fakes/git-server.ts';
import { run } from '../../../protocol/messages.ts';
import { withBench } from '../bench.ts';

const CONTENT = 'the whole content';
const sha256 = createHash('sha256').update(CONTENT).digest('hex');

const says =
  (status: number): RequestListener =>
  (_, response) =>
    response.writeHead(status, { 'content-type': 'text/plain' }).end('sorry');
const hangsUp: RequestListener = ({ socket }) => socket.destroy();
const breaksOff: RequestListener = (_, response) => {
  response.writeHead(200, { 'content-length': '1000' });
  response.write('half of something that is longer than the content');
  setTimeout(() => response.destroy(), 20);
};
const status = (code: number): Fault => ({ kind: 'status', status: code });
/** A request that is answered. */
const FINE: Fault = { kind: 'delay', ms: 0 };
const other: RequestListener = (_, response) => response.end('other');
const plain = (url: string) => `${url}/f`;

/** `failures` first, then the content. */
const cases: readonly {
  readonly name: string;
  readonly failures: readonly RequestListener[];
  readonly asked: number;
  readonly want: (url: string) => string | null;
}[] = [
  { name: 'nothing fails', failures: [], asked: 1, want: () => null },
  { name: '503 twice', failures: [says(503), says(503)], asked: 3, want: () => null },
  {
    name: '500, 502, 504, 429, 408',
    failures: [500, 502, 504, 429, 408].map(says),
    asked: 6,
    want: () => null,
  },
  { name: '404 for a moment, as AWS’s agent', failures: [says(404)], asked: 2, want: () => null },
  { name: 'a reset', failures: [hangsUp, hangsUp], asked: 3, want: () => null },
  {
    name: 'cut answers that are longer than the content',
    failures: [breaksOff, breaksOff],
    asked: 3,
    want: () => null,
  },
  { name: 'one of each', failures: [says(503), hangsUp, breaksOff], asked: 4, want: () => null },
  {
    name: 'for ever',
    failures: Array.from({ length: 9 }, () => says(503)),
    asked: 6,
    want: (url) => `${plain(url)} answers 503 (attempt 6, the last)`,
  },
  {
    name: 'cut for ever',
    failures: Array.from({ length: 9 }, () => breaksOff),
    asked: 6,
    want: (url) => `${plain(url)} broke off after 49 bytes (attempt 6, the last)`,
  },
  { name: '403', failures: [says(403)], asked: 1, want: (url) => `${plain(url)} answers 403` },
  { name: '401', failures: [says(401)], asked: 1, want: (url) => `${plain(url)} answers 401` },
  {
    name: '503, then 403',
    failures: [says(503), says(403)],
    asked: 2,
    want: (url) => `${plain(url)} answers 403`,
  },
  {
    name: 'another content',
    failures: [other],
    asked: 1,
    want: (url) =>
      `SHA-256 of ${plain(url)} is ${createHash('sha256').update('other').digest('hex')}, not ${sha256}`,
  },
];

for (const { name, failures, asked, want } of cases) {
  test(`HTTP, tried again: ${name}`, async (t) => {
    const dir = place(t);
    let requests = 0;
    const url = await serve(t, (request, response) => {
      const fail = failures[requests];
      requests += 1;
      if (fail === undefined) response.end(CONTENT);
      else fail(request, response);
    });
    const told: Told = { waits: [], lines: [] };
    const inputs = {
      sourceType: 'HTTP',
      sourceInfo: { url: `${url}/f?token=secret`, allowInsecureDownload: true, sha256 },
      destinationPath: 'file.txt',
    };
    const done = await fetchInto(dir, inputs, {}, told);
    const why = want(url);
    assert.deepEqual(done, {
      ok: why === null,
      text: why ?? `Content downloaded to ${join(dir, 'downloads', 'file.txt')}`,
    });
    assert.equal(requests, asked);
    if (why === null)
      assert.equal(readFileSync(join(dir, 'downloads', 'file.txt'), 'utf8'), CONTENT);
    else assert.deepEqual(readdirSync(join(dir, 'downloads')), []);
    assert.deepEqual(readdirSync(join(dir, 'scratch')), []);
    assert.equal(told.waits.length, asked - 1);
    assert.equal(told.lines.length, asked - 1);
    for (const [i, ms] of told.waits.entries()) {
      assert.ok(ms >= 160 * 2 ** i && ms <= 240 * 2 ** i, `${ms} ms before attempt ${i + 2}`);
      assert.ok(told.lines[i]?.endsWith(`; attempt ${i + 2} of 6 in ${ms} ms\n`), told.lines[i]);
    }
    assert.doesNotMatch(told.lines.join(''), /secret/);
  });
}

test('HTTP, tried again: a scheme, too many redirects and an offer we do not know are answers', async (t) => {
  const dir = place(t);
  const asked: string[] = [];
  const url = await serve(t, ({ url: path = '' }, response) => {
    asked.push(path);
    if (path === '/digest') response.writeHead(401, { 'www-authenticate': 'Negotiate' }).end();
    else response.writeHead(302, { location: path === '/file' ? 'file:///f' : path }).end();
  });
  const told: Told = { waits: [], lines: [] };
  for (const path of ['/file', '/loop', '/digest']) {
    const auth = path === '/digest' ? { authMethod: 'Digest', username: 'u', password: 'p' } : {};
    const sourceInfo = { url: url + path, allowInsecureDownload: true, ...auth };
    assert.equal((await fetchInto(dir, { sourceType: 'HTTP', sourceInfo }, {}, told)).ok, false);
  }
  assert.deepEqual(told.waits, []);
  assert.deepEqual(asked, ['/file', ...Array.from({ length: 6 }, () => '/loop'), '/digest']);
});

test('S3, tried again: the listing, a page of it and an object', async (t) => {
  const dir = place(t);
  const failing = new Map<string, number>();
  const page = (key: string, next: string) =>
    `<ListBucketResult><Key>${key}</Key>${next}</ListBucketResult>`;
  const url = await serve(t, ({ url: path = '', socket }, response) => {
    const seen = failing.get(path) ?? 0;
    failing.set(path, seen + 1);
    if (seen === 0) return response.writeHead(503).end();
    if (seen === 1) return socket.destroy();
    if (path.includes('continuation-token')) return response.end(page('a/two', ''));
    if (path.includes('list-type'))
      return response.end(page('a/one', '<NextContinuationToken>1</NextContinuationToken>'));
    return response.end(path);
  });
  const told: Told = { waits: [], lines: [] };
  const inputs = {
    sourceType: 'S3',
    sourceInfo: { path: `${url}/bucket/a/` },
    destinationPath: 'x',
  };
  assert.equal((await fetchInto(dir, inputs, {}, told)).ok, true);
  assert.deepEqual(readdirSync(join(dir, 'downloads', 'x')).sort(), ['one', 'two']);
  assert.equal(told.waits.length, 8);
  assert.equal(told.lines[0]?.split(';')[0], `the listing of ${url}/bucket/ answers 503`);
});

test('S3, tried again: a bucket that may not be listed is not asked again, one that cannot now says so', async (t) => {
  const dir = place(t);
  let status = 403;
  const url = await serve(t, ({ url: path = '' }, response) => {
    if (path.includes('list-type')) response.writeHead(status).end();
    else response.end('object');
  });
  const told: Told = { waits: [], lines: [] };
  const fetch = (path: string) =>
    fetchInto(dir, { sourceType: 'S3', sourceInfo: { path: url + path } }, {}, told);
  assert.equal((await fetch('/bucket/a')).ok, true);
  status = 501;
  assert.equal((await fetch('/bucket/a')).ok, true);
  assert.deepEqual(told.waits, []);
  status = 503;
  assert.deepEqual(await fetch('/bucket/a/'), {
    ok: false,
    text: `the listing of ${url}/bucket/ answers 503 (attempt 6, the last)`,
  });
});

/** `failures` first, one a request, then the repository. */
const overGit: readonly {
  readonly name: string;
  readonly failures: readonly Fault[];
  readonly waits: number;
  readonly says: RegExp;
}[] = [
  { name: 'nothing fails', failures: [], waits: 0, says: /^Content downloaded to / },
  {
    name: '503 and a reset, before the refs and before the pack',
    failures: [status(503), { kind: 'drop' }, FINE, status(429), FINE, { kind: 'drop' }],
    waits: 4,
    says: /^Content downloaded to /,
  },
  {
    name: 'for ever',
    failures: Array.from({ length: 9 }, () => status(502)),
    waits: 5,
    says: /fleet\.git cannot be fetched: .* answers 502 \(attempt 6, the last\)$/,
  },
  { name: '401', failures: [status(401)], waits: 0, says: /cannot be fetched: HTTP Error: 401/ },
  { name: '404', failures: [status(404)], waits: 0, says: /cannot be fetched: HTTP Error: 404/ },
  {
    name: 'a redirect',
    failures: [status(302)],
    waits: 0,
    says: /redirects; name the place itself$/,
  },
];

for (const { name, failures, waits, says: want } of overGit) {
  test(`Git, tried again: ${name}`, async (t) => {
    const dir = place(t);
    const repo = makeRepo(dir, 'fleet.git');
    repo.commit({ 'a/one': 'first' });
    const server = await startGitServer({ root: dir });
    t.after(() => server.close());
    let requests = 0;
    server.fail(() => failures[requests++] ?? null);
    const told: Told = { waits: [], lines: [] };
    const inputs = {
      sourceType: 'Git',
      sourceInfo: { repository: `${server.url}/fleet.git`, username: 'u', password: 'secret' },
      destinationPath: 'here',
    };
    const { text } = await fetchInto(dir, inputs, {}, told);
    assert.match(text, want);
    assert.equal(told.waits.length, waits);
    assert.equal(told.lines.length, waits);
    assert.doesNotMatch(told.lines.join(''), /secret/);
    assert.deepEqual(readdirSync(join(dir, 'scratch')), []);
  });
}

test('Git, tried again: also by the system’s git, where the network is at fault and only there', async (t) => {
  const dir = place(t);
  const told: Told = { waits: [], lines: [] };
  const fetch = (repository: string) =>
    fetchInto(dir, { sourceType: 'Git', sourceInfo: { repository } }, {}, told);
  assert.match((await fetch('git://127.0.0.1:1/x')).text, /refused[^]*\(attempt 6, the last\)$/);
  assert.equal(told.waits.length, 5);
  assert.match((await fetch('file:///none')).text, /^git failed: /);
  assert.equal(told.waits.length, 5);
});

test('a wait ends when the step is called off, and the reason stays what went wrong', async () => {
  const calledOff = new AbortController();
  const lines: string[] = [];
  const failed = again(() => Promise.reject(new PassingError('answers 503')), {
    signal: calledOff.signal,
    wait: (_, signal) => waitFor(600_000, signal),
    tell(line) {
      lines.push(line);
      calledOff.abort();
    },
  });
  await assert.rejects(failed, { message: 'answers 503' });
  assert.equal(lines.length, 1);
});

test('nothing is tried again once the step is called off, nor what no attempt can change', async () => {
  let attempts = 0;
  const patience = { wait: waitFor, tell: () => undefined };
  const fail = (error: Error) => () => {
    attempts += 1;
    return Promise.reject(error);
  };
  const aborted = { ...patience, signal: AbortSignal.abort() };
  await assert.rejects(again(fail(new PassingError('gone')), aborted), { message: 'gone' });
  const live = { ...patience, signal: new AbortController().signal };
  await assert.rejects(again(fail(new DownloadError('no')), live), { message: 'no' });
  await assert.rejects(again(fail(new TypeError('a bug')), live), { message: 'a bug' });
  assert.equal(attempts, 3);
});

test('bytes of an attempt that was thrown away count for nothing', async (t) => {
  const dir = place(t);
  const staging = await openStaging({ path: dir, isFolder: true }, join(dir, 'scratch'), 10);
  const [one, two] = [await staging.file(['one']), await staging.file(['two'])];
  await one.write(Buffer.from('12345'));
  for (const text of ['1234', '12345', 'abc']) {
    await two.rewind();
    await two.write(Buffer.from(text));
  }
  await one.rewind();
  await one.write(Buffer.from('1234567'));
  await assert.rejects(two.write(Buffer.from('d')), { message: 'more than 10 bytes' });
  await one.close();
  await two.close();
  await staging.placeFolder(join(dir, 'placed'));
  assert.equal(readFileSync(join(dir, 'placed', 'one'), 'utf8'), '1234567');
  assert.equal(readFileSync(join(dir, 'placed', 'two'), 'utf8'), 'abc');
  await staging.discard();
});

test('a step that is killed while it waits ends then, and leaves nothing', (t) =>
  withBench(async (bench) => {
    let asked = 0;
    const url = await serve(t, (_, response) => {
      asked += 1;
      response.writeHead(503).end();
      if (asked === 4) setTimeout(() => bench.executor.kill(run('1')), 200); // of 1.3 s or more
    });
    bench.executor.start({
      ...bench.order(0, {
        sourceType: 'HTTP',
        sourceInfo: JSON.stringify({ url, allowInsecureDownload: true }),
        destinationPath: 'f',
      }),
      action: 'aws:downloadContent',
    });
    const { outcome } = await bench.next('task-ended');
    assert.equal(outcome.exitCode, 137);
    assert.match(outcome.stdout.text, /answers 503; attempt 5 of 6 in \d+ ms\n$/);
    assert.equal(asked, 4);
    bench.executor.release(run('1'));
    assert.deepEqual(readdirSync(join(bench.dir, 'runs', run('1'), 'downloads')), []);
  }));
