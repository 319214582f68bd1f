import type { FileHandle } from 'node:fs/promises';
import fs from 'node:fs/promises';
import path from 'node:path';
import type { HttpClient } from 'isomorphic-git';
import type { Logger } from '../log.ts';
import { gitError } from './git-error.ts';
import type { RemoteConfig } from './http-client.ts';
import { INDEX_LIMITS, indexPack, PackTooLarge } from './index-pack.ts';
import { withoutSecrets } from './remote-url.ts';
import { placeFiles, syncFolder } from './safe-fs.ts';

/** A pack of no objects: head and checksum. */
const EMPTY_PACK_BYTES = 32;

type Incoming = {
  readonly gitdir: string;
  readonly remote: RemoteConfig;
  readonly log: Logger;
  readonly signal: AbortSignal;
};

/**
 * Takes the pack out of what a server sends, on its way to the library, which would hold and inflate all of it in this
 * process at once. It goes to disk as it comes, is indexed in a thread, and stands among the packs before the library
 * learns that the server had nothing more to send, and so before any ref names what is in it.
 */
export function takingPacks(http: HttpClient, incoming: Incoming): HttpClient {
  return {
    async request(wanted) {
      const answer = await http.request(wanted);
      if (wanted.method !== 'POST' || answer.body === undefined) return answer;
      const told = await takePack(answer.body, incoming);
      return { ...answer, body: once(told) };
    },
  };
}

async function* once(bytes: Uint8Array): AsyncIterableIterator<Uint8Array> {
  await Promise.resolve();
  yield bytes;
}

let sequence = 0;

/** @returns what the server said besides */
async function takePack(body: AsyncIterable<Uint8Array>, incoming: Incoming): Promise<Uint8Array> {
  const dir = path.join(incoming.gitdir, 'objects', 'pack');
  // The start-up sweep finds it by this name.
  const file = path.join(dir, `.tmp-${process.pid}-pack-${sequence++}`);
  const handle = await fs.open(file, 'wx', 0o644);
  try {
    const { told, bytes, isWhole } = await demultiplex(body, handle);
    await handle.datasync();
    if (isWhole && bytes > EMPTY_PACK_BYTES) await place(file, incoming);
    return told;
  } finally {
    await handle.close();
    await fs.rm(file, { force: true });
  }
}

/** Splits the frames of side-band-64k: 1 is the pack, 2 is for people, 3 why there is no more; but for 1 and 2 all is the library's. */
async function demultiplex(
  body: AsyncIterable<Uint8Array>,
  pack: FileHandle,
): Promise<{ readonly told: Uint8Array; readonly bytes: number; readonly isWhole: boolean }> {
  const told: Uint8Array[] = [];
  let rest: Buffer = Buffer.alloc(0);
  let bytes = 0;
  let isWhole = true;
  for await (const part of body) {
    rest = rest.length === 0 ? Buffer.from(part) : Buffer.concat([rest, part]);
    const data: Uint8Array[] = [];
    let at = 0;
    for (let length = frameAt(rest, at); length > 0; length = frameAt(rest, at)) {
      const band = length > 4 ? rest[at + 4] : 0;
      if (band === 1) data.push(rest.subarray(at + 5, at + length));
      else if (band !== 2) told.push(rest.subarray(at, at + length));
      if (band === 3) isWhole = false;
      at += length;
    }
    rest = rest.subarray(at);
    for (const one of data) {
      await pack.writeFile(one);
      bytes += one.length;
    }
  }
  // What is no frame is for the library to complain of.
  return { told: Buffer.concat([...told, rest]), bytes, isWhole };
}

/** Bytes of the frame at `at`; 0 when it is not there as a whole. What is no frame is one up to the end. */
function frameAt(bytes: Buffer, at: number): number {
  if (bytes.length - at < 4) return 0;
  const digits = bytes.toString('latin1', at, at + 4);
  if (!/^[0-9a-f]{4}$/i.test(digits)) return bytes.length - at;
  const length = Math.max(4, Number.parseInt(digits, 16));
  return bytes.length - at < length ? 0 : length;
}

async function place(file: string, { gitdir, remote, log, signal }: Incoming) {
  const where = withoutSecrets(remote.url);
  try {
    const limits = { ...INDEX_LIMITS, deadlineMs: remote.limits.unpackDeadlineMs };
    const report = await indexPack(file, limits, signal);
    if (report.kind === 'damaged')
      throw gitError(remote.scope, 'DAMAGED', `${where} sent a broken pack: ${report.message}`);
    if (report.leftOut > 0)
      log.warn({ count: report.leftOut }, 'objects of the remote left out: too large, or no base');
    const dir = path.join(gitdir, 'objects', 'pack');
    const name = path.join(dir, `pack-${report.checksum}`);
    await fs.rename(file, `${name}.pack`);
    await placeFiles([[`${name}.idx`, report.index]]);
    await syncFolder(dir);
  } catch (error) {
    if (!(error instanceof PackTooLarge)) throw error;
    throw gitError(remote.scope, 'TOO_LARGE', `what ${where} sent ${error.message}`, error);
  }
}
