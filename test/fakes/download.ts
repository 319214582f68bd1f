/** `aws:downloadContent` as a test asks for it. */
import { rm } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { DownloadOrder } from '../../src/agent/executor/programs/download.ts';
import type { Performed } from '../../src/agent/executor/programs/perform.ts';
import { perform } from '../../src/agent/executor/programs/perform.ts';
import { downloadRequest } from '../../src/core/document/download-content.ts';
import type { JsonObject } from '../../src/core/model/json.ts';
import { tempDir } from './git-repo.ts';

/** A node's folder; gone after the test. */
export function place(t: TestContext): string {
  const dir = tempDir('download-');
  t.after(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** Of a program that waits for nothing: what it would have waited, in ms, and what it told meanwhile. */
export type Told = { readonly waits: number[]; readonly lines: string[] };

/** What the program says of these inputs, with everything it needs below `dir`. */
export async function fetchInto(
  dir: string,
  inputs: JsonObject,
  more: Partial<DownloadOrder> = {},
  told: Told = { waits: [], lines: [] },
): Promise<Performed> {
  const request = downloadRequest(inputs);
  if (!request.ok) return { ok: false, text: request.error };
  return perform(
    {
      kind: 'download',
      ...request.value,
      downloads: join(dir, 'downloads'),
      scratch: join(dir, 'scratch'),
      s3CredentialsFile: join(dir, 's3.json'),
      document: null,
      gitHubUrl: 'http://127.0.0.1:1',
      ...more,
    },
    {
      signal: AbortSignal.timeout(20_000),
      wait(ms) {
        told.waits.push(ms);
        return Promise.resolve();
      },
      tell: (line) => told.lines.push(line),
    },
  );
}

/** A server on this machine until the test ends; its URL. */
export async function serve(t: TestContext, handle: RequestListener): Promise<string> {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
