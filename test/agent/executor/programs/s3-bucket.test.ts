import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { movedTo, regionOf } from '../../../../src/agent/executor/programs/s3-bucket.ts';
import { fetchInto, place, serve } from '../../../fakes/download.ts';

test('S3: a signature is for the region that the host names', () => {
  for (const [host, region] of [
    ['b.s3.eu-west-1', 'eu-west-1'],
    ['s3.dualstack.us-gov-west-1', 'us-gov-west-1'],
    ['b.s3-ap-south-1', 'ap-south-1'],
    ['b.s3', null],
  ])
    assert.equal(regionOf(new URL(`https://${host}.amazonaws.com/k`)), region);
  for (const host of ['s3.eu-west-1.example.org', 'b.s3.eu-west-1.amazonaws.com.example.org'])
    assert.equal(regionOf(new URL(`https://${host}/k`)), null);
});

const REGION = 'eu-central-1';

test('S3: a bucket moves between endpoints of one family, and from no server to another', () => {
  for (const [host, region, to] of [
    ['s3.amazonaws.com', REGION, 's3.eu-central-1.amazonaws.com'],
    ['b.s3.amazonaws.com', REGION, 'b.s3.eu-central-1.amazonaws.com'],
    ['b.c.s3.us-west-2.amazonaws.com', REGION, 'b.c.s3.eu-central-1.amazonaws.com'],
    ['b.s3-us-west-2.amazonaws.com', REGION, 'b.s3.eu-central-1.amazonaws.com'],
    ['s3.dualstack.us-west-2.amazonaws.com', REGION, 's3.dualstack.eu-central-1.amazonaws.com'],
    ['s3.amazonaws.com', 'us-gov-east-1', 's3.us-gov-east-1.amazonaws.com'],
    ['b.s3.cn-north-1.amazonaws.com.cn', 'cn-northwest-1', 'b.s3.cn-northwest-1.amazonaws.com.cn'],
    // Only signed anew: the endpoint serves more than one region, or is no endpoint of AWS.
    ['b.s3-accelerate.amazonaws.com', REGION, 'b.s3-accelerate.amazonaws.com'],
    ['minio.example.org:9000', 'garage', 'minio.example.org:9000'],
    ['s3.us-west-2.example.org', REGION, 's3.us-west-2.example.org'],
    ['s3.amazonaws.com.example.org', REGION, 's3.amazonaws.com.example.org'],
    // Nothing that may be followed.
    ['b.s3.amazonaws.com', 'evil.example.org', null],
    ['b.s3.amazonaws.com', 'eu-central-1.evil.example.org/', null],
    ['b.s3.amazonaws.com', 'eu-central-1@evil', null],
    ['b.s3.amazonaws.com', 'EU', null],
    ['b.s3.amazonaws.com', '', null],
    ['b.s3.amazonaws.com', 'cn-north-1', null],
    ['b.s3.cn-north-1.amazonaws.com.cn', REGION, null],
    ['minio.example.org', 'a b', null],
    ['minio.example.org', 'x'.repeat(65), null],
    ['minio.example.org', '', null],
  ] as const) {
    const moved = movedTo({ url: `https://${host}/b/`, region: 'us-east-1' }, region);
    const want = to === null ? null : { url: `https://${to}/b/`, region };
    assert.deepEqual(moved, want, `${host} to ${region}`);
  }
  const there = { url: `https://b.s3.${REGION}.amazonaws.com/`, region: REGION };
  assert.equal(movedTo(there, REGION), null);
  const elsewhere = { ...there, url: 'https://b.s3.amazonaws.com/' };
  assert.deepEqual(movedTo(elsewhere, REGION), there, 'the region is right, the endpoint is not');
});

type Asked = { readonly path: string; readonly region: string | null };

/** Answers what is signed for its region; what it says to everything else is the test's. */
function bucketIn(region: string, asked: Asked[], elsewhere: RequestListener): RequestListener {
  return (request, response) => {
    const { url: path = '', headers } = request;
    const [, signed = null] =
      /Credential=AKID\/\d{8}\/([^/]+)\/s3\//.exec(headers.authorization ?? '') ?? [];
    asked.push({ path, region: signed });
    if (signed !== region) elsewhere(request, response);
    else if (path.includes('list-type'))
      response.end('<ListBucketResult><Key>a/one</Key><Key>a/two</Key></ListBucketResult>');
    else response.end('content');
  };
}

const MALFORMED = `<?xml version="1.0"?><Error><Code>AuthorizationHeaderMalformed</Code><Region>${REGION}</Region></Error>`;
const hint = { 'x-amz-bucket-region': REGION };

const answers: { readonly [name: string]: RequestListener } = {
  'a 301 with the header, as at the wrong endpoint': (_, response) =>
    response.writeHead(301, hint).end('<Error><Code>PermanentRedirect</Code></Error>'),
  'a 307 with the header and a place elsewhere': (_, response) =>
    response.writeHead(307, { ...hint, location: 'http://127.0.0.1:1/elsewhere' }).end(),
  'a 307 to an endpoint of AWS': (_, response) =>
    response.writeHead(307, { location: `https://bucket.s3.${REGION}.amazonaws.com/a/` }).end(),
  'a 400 with the header': (_, response) => response.writeHead(400, hint).end(MALFORMED),
  'a 400 that names it in words': (_, response) => response.writeHead(400).end(MALFORMED),
};

const inputs = (path: string) => ({
  sourceType: 'S3',
  sourceInfo: { path },
  destinationPath: 'got/',
});

function giveCredentials(dir: string): void {
  const credentials = { accessKeyId: 'AKID', secretAccessKey: 'secret', sessionToken: 'token' };
  writeFileSync(join(dir, 's3.json'), JSON.stringify({ ...credentials, region: 'us-east-1' }));
}

for (const [name, elsewhere] of Object.entries(answers)) {
  test(`S3: signed again for the region of ${name}, and then at once`, async (t) => {
    const dir = place(t);
    giveCredentials(dir);
    const asked: Asked[] = [];
    const url = await serve(t, bucketIn(REGION, asked, elsewhere));
    const done = await fetchInto(dir, inputs(`${url}/bucket/a/`));
    assert.equal(done.ok, true, done.text);
    assert.equal(readFileSync(join(dir, 'downloads', 'got', 'two'), 'utf8'), 'content');
    assert.deepEqual(
      asked.map(({ region }) => region),
      ['us-east-1', REGION, REGION, REGION],
    );
  });
}

test('S3: a region is believed once, and only where it can be meant', async (t) => {
  const dir = place(t);
  giveCredentials(dir);
  const wandering = (told: (i: number) => string) => {
    const asked: Asked[] = [];
    const handle = bucketIn('none', asked, (_, response) => {
      response.writeHead(400, { 'x-amz-bucket-region': told(asked.length) }).end();
    });
    return { asked, handle };
  };
  const regions = (asked: readonly Asked[]) => new Set(asked.map(({ region }) => region));
  // A server that names another region each time is not followed around, and its no is its answer.
  const wanders = wandering((i) => `eu-west-${i}`);
  const first = await serve(t, wanders.handle);
  const done = await fetchInto(dir, inputs(`${first}/bucket/a?versionId=1`));
  assert.equal(done.text, `${first}/bucket/a answers 400 (attempt 6, the last)`);
  assert.deepEqual([...regions(wanders.asked)], ['us-east-1', 'eu-west-1']);
  assert.equal(wanders.asked.length, 7);
  const none = wandering(() => 'x y');
  const second = await serve(t, none.handle);
  assert.equal((await fetchInto(dir, inputs(`${second}/bucket/a?versionId=1`))).ok, false);
  assert.deepEqual([...regions(none.asked)], ['us-east-1']);
});

test('S3: credentials go to no other host, whatever a redirect says of regions', async (t) => {
  const dir = place(t);
  giveCredentials(dir);
  const seen: (readonly [string | undefined, unknown])[] = [];
  const foreign = await serve(t, ({ headers }, response) => {
    seen.push([headers.authorization, headers['x-amz-security-token']]);
    response.end('from elsewhere');
  });
  const asked: Asked[] = [];
  // Every time, also after it was signed anew.
  const leads = bucketIn('none', asked, ({ url = '' }, response) => {
    response.writeHead(307, { ...hint, location: foreign + url }).end();
  });
  const url = await serve(t, leads);
  const done = await fetchInto(dir, inputs(`${url}/bucket/a?versionId=1`));
  assert.equal(done.ok, true, done.text);
  assert.deepEqual(
    asked.map(({ region }) => region),
    ['us-east-1', REGION],
  );
  assert.deepEqual(seen, [[undefined, undefined]]);
});

test('S3: without credentials there is nothing to sign anew, and a redirect is one', async (t) => {
  const dir = place(t);
  const asked: Asked[] = [];
  const foreign = await serve(t, (_, response) => response.end('public'));
  const leads = bucketIn('none', asked, (_, response) => {
    response.writeHead(307, { ...hint, location: foreign }).end();
  });
  const url = await serve(t, leads);
  assert.equal((await fetchInto(dir, inputs(`${url}/bucket/a?versionId=1`))).ok, true);
  assert.equal(readFileSync(join(dir, 'downloads', 'got', 'a'), 'utf8'), 'public');
  assert.equal(asked.length, 1);
});
