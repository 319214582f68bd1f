import { readFile } from 'node:fs/promises';
import { isJsonObject } from '../../../core/model/json.ts';
import { systemCode } from '../../../disk/errors.ts';
import type { HttpAnswer, Wanted } from './http.ts';
import { download, dropBody, shown } from './http.ts';
import type { Patience } from './patience.ts';
import { again } from './patience.ts';
import type { Destination } from './placed.ts';
import {
  checkSegment,
  DOWNLOAD_FILES_MAX,
  DownloadError,
  fileAt,
  lastSegment,
  PassingError,
} from './placed.ts';
import type { Bucket } from './s3-bucket.ts';
import { openBucket } from './s3-bucket.ts';
import type { S3Credentials } from './sigv4.ts';
import type { Staging } from './staging.ts';

/** A bucket as its URL names it: by host (`bucket.s3.region.amazonaws.com`) or by the first part of the path. */
export type S3Place = {
  /** The URL of the bucket, ending in a slash. */
  readonly bucketUrl: string;
  /** Decoded; '' is the whole bucket. */
  readonly key: string;
  /** '' is the current one. */
  readonly versionId: string;
};

/**
 * Null: no https URL of a bucket. `http:` is for servers on this machine.
 * @throws DownloadError for a query that means something else than one version
 */
export function s3Place(path: string): S3Place | null {
  if (!URL.canParse(path)) return null;
  const url = new URL(path);
  const isLoopback = url.hostname === '127.0.0.1' || url.hostname === 'localhost';
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback)) return null;
  const segments = url.pathname.split('/').slice(1);
  const byHost = bucketHost.test(url.hostname);
  const versionId = url.searchParams.get('versionId') ?? '';
  for (const name of url.searchParams.keys())
    if (name !== 'versionId')
      throw new DownloadError(`${name} in the query of an S3 URL means nothing here`);
  const bucket = byHost ? '' : (segments.shift() ?? '');
  if (!byHost && bucket === '') return null;
  try {
    const key = segments.map(decodeURIComponent).join('/');
    return { bucketUrl: `${url.origin}/${byHost ? '' : `${bucket}/`}`, key, versionId };
  } catch {
    return null; // a percent sign that encodes nothing
  }
}

/** One part of a name after another, each beginning with its own separator: nothing to try twice. */
const bucketHost = /^[a-z0-9.-]+\.s3(?:[.-][a-z0-9]+)*\.amazonaws\.com(?:\.cn)?$/;

/** @returns where the content stands: a file, or the folder of a prefix */
export async function downloadS3(
  { path, sha256 }: { readonly path: string; readonly sha256: string },
  options: {
    readonly destination: Destination;
    readonly staging: Staging;
    readonly credentials: S3Credentials | null;
    readonly patience: Patience;
  },
): Promise<string> {
  const { destination, staging, credentials, patience } = options;
  const place = s3Place(path);
  if (place === null) throw new DownloadError(`${path} is no https URL of a bucket or an object`);
  const bucket = openBucket(place.bucketUrl, credentials, patience.signal);
  const version = place.versionId === '' ? '' : `?versionId=${encodeURIComponent(place.versionId)}`;
  const wanted = (key: string, digest: string): Wanted => {
    const below = key.split('/').map(encodeURIComponent).join('/');
    const ask = () => bucket.ask(below + version);
    return { name: shown(new URL(place.bucketUrl + below)), ask, sha256: digest };
  };

  const isFolder = place.key === '' || place.key.endsWith('/');
  if (isFolder && version !== '') throw new DownloadError('versionId is for a single object');
  const listed = version === '' ? await listKeys(bucket, place, patience) : null;
  if (!isFolder && (listed === null || listed.includes(place.key))) {
    const name = lastSegment(place.key);
    await download(wanted(place.key, sha256), patience, await staging.file([name]));
    const file = fileAt(destination, name);
    await staging.placeFile(file);
    return file;
  }
  if (listed === null)
    throw new DownloadError(`${path} cannot be listed; a single object needs no listing`);
  if (sha256 !== '') throw new DownloadError('sha256 is for a single object');
  const prefix = place.key === '' || place.key.endsWith('/') ? place.key : `${place.key}/`;
  const below = listed.filter((key) => key.startsWith(prefix) && !key.endsWith('/'));
  if (below.length === 0) throw new DownloadError(`there is no object at ${path}`);
  for (const key of below) {
    // An empty name between two slashes is none, as in every path; keys that then meet are refused by the staging.
    const name = key
      .slice(prefix.length)
      .split('/')
      .filter((one) => one !== '');
    for (const segment of name) checkSegment(segment);
    await download(wanted(key, ''), patience, await staging.file(name));
  }
  await staging.placeFolder(destination.path);
  return destination.path;
}

const LIST_BYTES_MAX = 4 * 1024 * 1024;

/** Keys that begin like ours, a page at a time; null when the bucket does not let us list. */
async function listKeys(
  bucket: Bucket,
  { bucketUrl, key }: S3Place,
  patience: Patience,
): Promise<readonly string[] | null> {
  const keys: string[] = [];
  for (let token = ''; ; ) {
    const query = new URLSearchParams({ 'list-type': '2', prefix: key });
    if (token !== '') query.set('continuation-token', token);
    const name = shown(new URL(bucketUrl));
    const text = await again(async () => readPage(await bucket.ask(`?${query}`), name), patience);
    if (text === null) return null;
    for (const [, written = ''] of text.matchAll(/<Key>([^<]*)<\/Key>/g))
      keys.push(unescape(written));
    if (keys.length > DOWNLOAD_FILES_MAX)
      throw new DownloadError(`more than ${DOWNLOAD_FILES_MAX} objects`);
    token = unescape(/<NextContinuationToken>([^<]*)</.exec(text)?.[1] ?? '');
    if (token === '') return keys;
  }
}

/** Said by a server that cannot answer now; any other status says whether it lets us list. */
const notNow: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

async function readPage({ status, body }: HttpAnswer, name: string): Promise<string | null> {
  if (status !== 200) {
    dropBody(body);
    if (notNow.has(status)) throw new PassingError(`the listing of ${name} answers ${status}`);
    return null;
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      bytes += chunk.length;
      if (bytes > LIST_BYTES_MAX) throw new DownloadError('the listing of the bucket is too long');
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof DownloadError) throw cause;
    throw new PassingError(`the listing of ${name} broke off after ${bytes} bytes`);
  }
  return Buffer.concat(chunks).toString('utf8');
}

const entities: { readonly [name: string]: string } = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};

const unescape = (text: string): string =>
  text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(\w+));/gi, (whole, decimal, hex, name) => {
    const code = decimal !== undefined ? Number(decimal) : Number.parseInt(hex ?? '', 16);
    if (name !== undefined) return entities[String(name)] ?? whole;
    return code <= 0x10_ff_ff ? String.fromCodePoint(code) : whole;
  });

/** What `/etc/reconciled/s3-credentials.json` of the node holds; null when there is none. */
export async function readS3Credentials(file: string): Promise<S3Credentials | null> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return null;
    throw new DownloadError(`${file} cannot be read`);
  }
  try {
    const value: unknown = JSON.parse(text);
    const field = (name: string): string => {
      const one = isJsonObject(value) ? value[name] : undefined;
      return typeof one === 'string' ? one : '';
    };
    const [accessKeyId, secretAccessKey] = [field('accessKeyId'), field('secretAccessKey')];
    if (accessKeyId !== '' && secretAccessKey !== '') {
      const region = field('region') || 'us-east-1';
      return { accessKeyId, secretAccessKey, sessionToken: field('sessionToken'), region };
    }
  } catch {
    // said below
  }
  throw new DownloadError(`${file} holds no accessKeyId and secretAccessKey`);
}
