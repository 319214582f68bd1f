/** Cutting what steps wrote to what AWS's fields hold. Lengths are bytes of UTF-8. @see spec/documents.md §3.7 */
import type { StepState } from './status.ts';
import { countStates } from './status.ts';

export const STREAM_BYTES_MAX = 24_000;
const COMBINED_BYTES_MAX = 2_500;
export const SUMMARY_BYTES_MAX = 510;
export const TRUNCATION_MARK = '--output truncated--';

/** A text of `bytesMax` bytes or more ends in `mark` and has exactly `bytesMax`, in which characters may be cut. */
export function cutText(text: string, bytesMax: number, mark: string = TRUNCATION_MARK): string {
  if (text.length < bytesMax && Buffer.byteLength(text) < bytesMax) return text;
  return textOfBytes(cutBytes(Buffer.from(text), bytesMax, mark));
}

/** The same over bytes as they came, for streams. `bytes` may be no more than a head of at least `bytesMax`. */
export function cutBytes(
  bytes: Uint8Array,
  bytesMax: number,
  mark: string = TRUNCATION_MARK,
): Buffer {
  if (bytes.length < bytesMax) return Buffer.from(bytes);
  const markBytes = Buffer.from(mark);
  const kept = bytes.subarray(0, Math.max(0, bytesMax - markBytes.length));
  return Buffer.concat([kept, markBytes]).subarray(0, bytesMax);
}

const UNREADABLE = '\ufffd';

/** Invalid UTF-8 becomes U+FFFD, one for each byte that belongs to no character, as the reference writes it. */
export function textOfBytes(bytes: Buffer): string {
  const text = bytes.toString();
  if (!text.includes(UNREADABLE)) return text;
  let read = '';
  for (let at = 0; at < bytes.length; ) {
    const character = characterAt(bytes, at);
    read += character;
    at +=
      character === UNREADABLE && !WRITTEN.equals(bytes.subarray(at, at + 3))
        ? 1
        : Buffer.byteLength(character);
  }
  return read;
}

const WRITTEN = Buffer.from(UNREADABLE);

function characterAt(bytes: Buffer, at: number): string {
  const first = bytes[at] ?? 0;
  const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  const text = bytes.subarray(at, at + length).toString();
  return text.startsWith(UNREADABLE) ? UNREADABLE : text;
}

const ERROR_TITLE = '\n----------ERROR-------\n';
const OUTPUT_MARK = '\n---Output truncated---';
const ERROR_MARK = '\n---Error truncated----';

/** stdout and stderr as one text within `bytesMax`, the way consoles show a step. */
export function combinedOutput(
  stdout: string,
  stderr: string,
  bytesMax: number = COMBINED_BYTES_MAX,
): string {
  const out = Buffer.from(stdout);
  const error = Buffer.from(stderr);
  const title = error.length > 0 ? ERROR_TITLE : '';
  const space = bytesMax - title.length;
  if (out.length + error.length < space) return stdout + title + stderr;
  const half = Math.trunc(space / 2);
  if (out.length > half && error.length > half) {
    const each = Math.floor((space - OUTPUT_MARK.length - ERROR_MARK.length) / 2);
    return head(out, each) + OUTPUT_MARK + title + head(error, each) + ERROR_MARK;
  }
  // At exactly half the reference crashes when stderr leaves nothing of stdout.
  if (out.length < half || error.length > space - OUTPUT_MARK.length)
    return stdout + title + head(error, space - ERROR_MARK.length - out.length) + ERROR_MARK;
  return head(out, space - OUTPUT_MARK.length - error.length) + OUTPUT_MARK + title + stderr;
}

function head(bytes: Buffer, length: number): string {
  return textOfBytes(bytes.subarray(0, Math.max(0, length)));
}

/**
 * AWS's summary of a run, at most 510 bytes: `2 out of 3 plugins processed, 1 success, 1 failed, 0 timedout, 0 skipped. `
 * and, for the first failed step, why. A reboot in between counts as a success.
 * @see spec/state-manager.md §5.5
 */
export function executionSummary(
  steps: readonly { readonly name: string; readonly state: StepState; readonly stderr: string }[],
  total: number,
): string {
  const states = steps.map(({ state }) => state);
  const count = countStates(states);
  const done = states.filter((state) => state !== 'NotStarted' && state !== 'InProgress').length;
  const success =
    (count.Success ?? 0) + (count.SuccessAndReboot ?? 0) + (count.PassedAndReboot ?? 0);
  const counts =
    `${done} out of ${total} plugin${total > 1 ? 's' : ''} processed, ${success} success, ` +
    `${count.Failed ?? 0} failed, ${count.TimedOut ?? 0} timedout, ${count.Skipped ?? 0} skipped. `;
  const failed = steps.find(({ state }) => state === 'Failed');
  const why =
    failed === undefined ? '' : `\nThe operation ${failed.name} failed because ${failed.stderr}.`;
  return cutText(counts + why, SUMMARY_BYTES_MAX);
}
