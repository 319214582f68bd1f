import type { GitHttpResponse, HttpClient } from 'isomorphic-git';
import { ReconcileError } from '../../core/model/errors.ts';
import type { RemoteConfig } from './http-client.ts';
import { withHttp } from './http-client.ts';
import { FLUSH, parsePktLines, pktLine } from './pkt-line.ts';

const NO_OBJECT = '0'.repeat(40);
/** A report is a few lines; more is not one. */
const REPORT_BYTES_MAX = 1 << 20;

export type PushCommand = {
  readonly ref: string;
  /** The lease: the server moves the ref only from here. Null creates it. */
  readonly old: string | null;
  readonly next: string;
  readonly pack: Buffer;
};

/**
 * How a push ended. `unknown`: sent, but no answer that could be read; it may have been applied.
 * `rejected` carries the server's reason: a lost race and a protected branch look alike here.
 */
export type PushReport =
  | { readonly kind: 'done' }
  | { readonly kind: 'rejected'; readonly reason: string }
  | { readonly kind: 'damaged'; readonly reason: string }
  | { readonly kind: 'unknown'; readonly cause: unknown };

/**
 * One POST to git-receive-pack. A refusal comes back as HTTP 200, so the report is what counts: `unpack ok` and
 * `ok <ref>`. `atomic` is left out, because it hides the reason.
 * @throws ReconcileError <SCOPE>_AUTH; whatever else goes wrong after sending is `unknown`
 */
export async function pushPack(
  remote: RemoteConfig,
  command: PushCommand,
  signal: AbortSignal,
): Promise<PushReport> {
  const line = `${command.old ?? NO_OBJECT} ${command.next} ${command.ref}\0 report-status ofs-delta agent=reconciled`;
  try {
    return await withHttp(remote, { signal, ms: remote.limits.pushDeadlineMs }, async (http) =>
      parseReport(await post(http, remote, [pktLine(line), FLUSH, command.pack]), command.ref),
    );
  } catch (cause) {
    if (signal.aborted) throw cause;
    if (cause instanceof ReconcileError && cause.code.endsWith('_AUTH')) throw cause;
    return { kind: 'unknown', cause };
  }
}

/**
 * Asks whether our credential may push at all, as `git push` does before it sends: some servers let everybody read. What a
 * branch's own protection says is heard at a push only.
 * @throws ReconcileError <SCOPE>_AUTH, _UNREACHABLE, _TIMEOUT
 */
export function askToPush(remote: RemoteConfig, signal: AbortSignal): Promise<void> {
  return withHttp(remote, { signal, ms: remote.limits.deadlineMs }, async (http) => {
    await read(
      await http.request({
        url: `${remote.url}/info/refs?service=git-receive-pack`,
        method: 'GET',
      }),
    );
  });
}

async function post(http: HttpClient, remote: RemoteConfig, body: Buffer[]): Promise<Buffer> {
  const answer = await http.request({
    url: `${remote.url}/git-receive-pack`,
    method: 'POST',
    headers: {
      'content-type': 'application/x-git-receive-pack-request',
      accept: 'application/x-git-receive-pack-result',
    },
    body: once(Buffer.concat(body)),
  });
  return read(answer);
}

async function read({ body }: GitHttpResponse): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of body ?? []) {
    bytes += part.length;
    if (bytes > REPORT_BYTES_MAX) break;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

async function* once(bytes: Uint8Array): AsyncIterableIterator<Uint8Array> {
  await Promise.resolve();
  yield bytes;
}

/** What a server's report says about the one ref that was pushed. */
export function parseReport(bytes: Buffer, ref: string): PushReport {
  const lines = (parsePktLines(bytes) ?? []).map((line) => line?.toString('utf8').trimEnd() ?? '');
  const unpack = lines.find((line) => line.startsWith('unpack '))?.slice('unpack '.length);
  if (unpack === undefined) return { kind: 'unknown', cause: new Error('no report in the answer') };
  if (unpack !== 'ok') return { kind: 'damaged', reason: printable(unpack) };
  if (lines.includes(`ok ${ref}`)) return { kind: 'done' };
  const refused = lines.find((line) => line.startsWith(`ng ${ref} `));
  return {
    kind: 'rejected',
    reason: printable(refused?.slice(`ng ${ref} `.length) ?? 'no reason'),
  };
}

/** A server's words end up in logs and messages: one line, no control characters, bounded. */
function printable(text: string): string {
  return text.replace(/[\x00-\x1f\x7f-\x9f]+/g, ' ').slice(0, 200);
}
