/** A bucket as requests reach it: where it is and for which region they are signed. */
import type { HttpAnswer } from './http.ts';
import { get } from './http.ts';
import type { S3Credentials } from './sigv4.ts';
import { signedHeaders } from './sigv4.ts';

export type Bucket = {
  /** GET of what is `below` the bucket's URL, signed where the node has credentials. @throws DownloadError as `get` */
  ask(below: string): Promise<HttpAnswer>;
};

export function openBucket(
  url: string,
  credentials: S3Credentials | null,
  signal: AbortSignal,
): Bucket {
  const region = regionOf(new URL(url)) ?? credentials?.region ?? '';
  return {
    ask: (below) =>
      get(url + below, {
        headers: (one) =>
          credentials === null ? {} : signedHeaders(one, { ...credentials, region }, new Date()),
        allowInsecure: url.startsWith('http:'),
        signal,
      }),
  };
}

/** The region that a host of AWS names: a bucket lies where its URL says, whatever region the node's credentials name. */
export const regionOf = (url: URL): string | null =>
  /\bs3[.-](?:dualstack\.)?([a-z]{2}(?:-[a-z]+){1,3}-\d)\.amazonaws\.com(?:\.cn)?$/.exec(
    url.hostname,
  )?.[1] ?? null;
