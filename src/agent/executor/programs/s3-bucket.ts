/** A bucket as requests reach it: where it is, for which region they are signed, and what it says of that itself. */
import type { HttpAnswer } from './http.ts';
import { dropBody, get } from './http.ts';
import type { S3Credentials } from './sigv4.ts';
import { signedHeaders } from './sigv4.ts';

export type Bucket = {
  /** GET of what is `below` the bucket's URL, signed where the node has credentials. @throws DownloadError as `get` */
  ask(below: string): Promise<HttpAnswer>;
};

type Standing = {
  /** Of the bucket, ending in a slash. */
  readonly url: string;
  readonly region: string;
};

/**
 * The first answer that names another region is believed once, for the rest of the download. It can move requests from
 * one endpoint of AWS to another and nowhere else: no host is ever taken from what a server says.
 */
export function openBucket(
  url: string,
  credentials: S3Credentials | null,
  signal: AbortSignal,
): Bucket {
  let at: Standing = { url, region: regionOf(new URL(url)) ?? credentials?.region ?? '' };
  let isTold = false;

  const move = (region: string): Standing | null => {
    const moved = isTold ? null : movedTo(at, region);
    return moved === null || (moved.url === at.url && credentials === null) ? null : moved;
  };
  const ask = (below: string): Promise<HttpAnswer> =>
    get(at.url + below, {
      headers: (one) =>
        credentials === null
          ? {}
          : signedHeaders(one, { ...credentials, region: at.region }, new Date()),
      allowInsecure: url.startsWith('http:'),
      signal,
      isForCaller: ({ status, headers }) =>
        aboutRegion.has(status) && move(regionTold(headers) ?? '') !== null,
    });

  return {
    async ask(below) {
      const answer = await ask(below);
      const moved = isTold ? null : move(await regionIn(answer));
      if (moved === null) return answer;
      dropBody(answer.body);
      at = moved;
      isTold = true;
      return ask(below);
    },
  };
}

const REGION_HEADER = 'x-amz-bucket-region';

/** Answers to a request at the wrong endpoint, or with the signature of another region. */
const aboutRegion: ReadonlySet<number> = new Set([301, 307, 400]);

/** By name, or by the endpoint of AWS that a redirect leads to: of that the region is taken, and nothing else. */
function regionTold(headers: HttpAnswer['headers']): string | null {
  const { location = '', [REGION_HEADER]: named } = headers;
  return named ?? (URL.canParse(location) ? regionOf(new URL(location)) : null);
}

/** '' when the answer is not about a region. Of a 400 without the header the body is read, which nobody else wants. */
async function regionIn({ status, headers, body }: HttpAnswer): Promise<string> {
  if (!aboutRegion.has(status)) return '';
  const told = regionTold(headers);
  if (told !== null || status !== 400) return told ?? '';
  let text = '';
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      text += Buffer.from(chunk).toString('latin1');
      if (text.length > 65_536) break;
    }
  } catch {
    return ''; // cut off: the status is all there is
  }
  if (!text.includes('<Code>AuthorizationHeaderMalformed</Code>')) return '';
  return /<Region>([^<]*)<\/Region>/.exec(text)?.[1] ?? '';
}

/** Null when the bucket stands there already, or when no endpoint that we may ask is meant. */
export function movedTo(at: Standing, region: string): Standing | null {
  const url = new URL(at.url);
  const [, before, after = ''] = awsEndpoint.exec(url.hostname) ?? [];
  const isKnown = (before === undefined ? anyRegion : awsRegion).test(region);
  // China is a partition of its own: its credentials mean nothing elsewhere, and the other way round.
  if (!isKnown || (after !== '' && region.startsWith('cn-') !== after.endsWith('.cn'))) return null;
  if (before !== undefined) url.hostname = `${before}.${region}${after}`;
  return url.href === at.url && region === at.region ? null : { url: url.href, region };
}

const awsRegion = /^[a-z]{2}(?:-[a-z]+){1,3}-\d$/;
/** What others call a region. It only stands in a signature. */
const anyRegion = /^[a-z0-9-]{1,64}$/i;

/** `s3.amazonaws.com` and its kind, with a bucket before it or not; not those that serve no or all regions. */
const awsEndpoint =
  /^((?:[a-z0-9.-]+\.)?s3(?:\.dualstack)?)(?:[.-][a-z]{2}(?:-[a-z]+){1,3}-\d)?(\.amazonaws\.com(?:\.cn)?)$/;

/** The region that a host of AWS names: a bucket lies where its URL says, whatever region the node's credentials name. */
export const regionOf = (url: URL): string | null =>
  /\bs3[.-](?:dualstack\.)?([a-z]{2}(?:-[a-z]+){1,3}-\d)\.amazonaws\.com(?:\.cn)?$/.exec(
    url.hostname,
  )?.[1] ?? null;
