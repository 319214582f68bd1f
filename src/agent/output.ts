/** AWS's output fields (spec/documents.md §3.7), and head, tail, count and digest beside them. */
import { createHash } from 'node:crypto';
import { sha256Hex } from '../core/canonical/digest.ts';
import {
  cutBytes,
  STREAM_BYTES_MAX,
  TRUNCATION_MARK,
  textOfBytes,
} from '../core/document/output.ts';
import { digest } from '../core/model/brand.ts';
import type { RunResult, StepResult, StreamResult } from '../core/model/run.ts';
import {
  REASON_MAX,
  RESULT_BYTES_MAX,
  STEP_NAME_MAX,
  STREAM_END_MAX,
} from '../protocol/messages.ts';
import { objectionToResult, unreadableResult } from '../protocol/unreadable.ts';

/** A stream folded chunk by chunk in flat memory: at most 24,000 bytes and the last 2,000 are kept. */
export function openStreamFold(): {
  add(chunk: Uint8Array): void;
  result(): StreamResult;
} {
  const hash = createHash('sha256');
  let first = Buffer.alloc(0);
  let last = Buffer.alloc(0);
  let bytes = 0;
  return {
    add(chunk) {
      hash.update(chunk);
      bytes += chunk.length;
      if (first.length < STREAM_BYTES_MAX) {
        first = Buffer.concat([first, chunk.subarray(0, STREAM_BYTES_MAX - first.length)]);
      }
      last = Buffer.concat([last, chunk.subarray(-STREAM_END_MAX)]).subarray(-STREAM_END_MAX);
    },
    result: () => ({
      text: truncate(first),
      head: printable(first.subarray(0, STREAM_END_MAX)),
      tail: printable(last),
      bytes,
      digest: digest(hash.copy().digest('hex')),
    }),
  };
}

export const noOutput: StreamResult = {
  text: '',
  head: '',
  tail: '',
  bytes: 0,
  digest: digest(sha256Hex('')),
};

/** What the agent says in a stream's field; count and digest stay those of what the step wrote. */
export function appendText(stream: StreamResult, text: string): StreamResult {
  return text === '' ? stream : { ...stream, text: truncate(Buffer.from(stream.text + text)) };
}

/** Streams of the elements of one step: texts by a line break, the first head, the last tail. */
export function joinStreams(streams: readonly StreamResult[]): StreamResult {
  const [first, ...others] = streams;
  if (first === undefined) return noOutput;
  return others.reduce((joined, stream) => joinTwo(joined, stream), first);
}

/** Streams of the steps of an inner document: one after the other, nothing in between. */
export function appendStreams(streams: readonly StreamResult[]): StreamResult {
  return streams.reduce((appended, stream) => {
    if (stream.text === '' && stream.bytes === 0) return appended;
    const joined = joinTwo(appended, stream);
    return { ...joined, text: truncate(Buffer.from(appended.text + stream.text)) };
  }, noOutput);
}

function joinTwo(a: StreamResult, b: StreamResult): StreamResult {
  return {
    // The first text is replaced while it is empty, and any later one is appended, empty or not [measured].
    text: a.text === '' ? b.text : truncate(Buffer.from(`${a.text}\n${b.text}`)),
    head: a.bytes === 0 ? b.head : a.head,
    tail: b.bytes === 0 ? a.tail : b.tail,
    bytes: a.bytes + b.bytes,
    digest:
      b.bytes === 0 ? a.digest : a.bytes === 0 ? b.digest : digest(sha256Hex(a.digest + b.digest)),
  };
}

/** As the reference cuts: without regard to UTF-8. */
const truncate = (bytes: Uint8Array): string => textOfBytes(cutBytes(bytes, STREAM_BYTES_MAX));

/** Invalid UTF-8 becomes U+FFFD. */
const printable = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

/**
 * A result that the daemon can read, whatever the run has said: words are cut to the bounds of the wire, and outputs shrink
 * until the message fits, those of the steps that succeeded first. Statuses, codes, counts and digests are never dropped.
 * What is refused even so is told as a failure: sent as it is, it would come back for ever.
 */
export function boundResult(result: RunResult): RunResult {
  const bounded = shrinkToFit({ ...result, steps: result.steps.map(withShortWords) });
  const objection = objectionToResult(bounded);
  return objection === null ? bounded : unreadableResult(bounded, objection);
}

/** A document and what it includes may say anything of any length. */
const withShortWords = (step: StepResult): StepResult => ({
  ...step,
  name: cutWord(step.name, STEP_NAME_MAX),
  action: cutWord(step.action, STEP_NAME_MAX),
  reason: cutWord(step.reason, REASON_MAX),
});

const cutWord = (text: string, lengthMax: number): string =>
  text.length <= lengthMax
    ? text
    : text.slice(0, lengthMax - TRUNCATION_MARK.length) + TRUNCATION_MARK;

function shrinkToFit(result: RunResult): RunResult {
  for (const which of ['Success', 'all'] as const) {
    for (const lengthMax of [null, 8_000, 2_000, 500, 100, 0]) {
      const bounded = { ...result, steps: shrinkSteps(result.steps, lengthMax, which) };
      if (Buffer.byteLength(JSON.stringify(bounded)) <= RESULT_BYTES_MAX) return bounded;
    }
  }
  return withoutOutput(result);
}

/** All that is never dropped. */
export function withoutOutput(result: RunResult): RunResult {
  return { ...result, steps: shrinkSteps(result.steps, 0, 'all') };
}

function shrinkSteps(
  steps: readonly StepResult[],
  lengthMax: number | null,
  which: 'Success' | 'all',
): readonly StepResult[] {
  if (lengthMax === null) return steps;
  return steps.map((step) =>
    which === 'all' || step.status === 'Success'
      ? {
          ...step,
          reason: step.reason.slice(0, Math.max(lengthMax, 200)),
          stdout: shrink(step.stdout, lengthMax),
          stderr: shrink(step.stderr, lengthMax),
        }
      : step,
  );
}

function shrink(stream: StreamResult, lengthMax: number): StreamResult {
  const cut = stream.text.length > lengthMax;
  return {
    ...stream,
    text: cut
      ? stream.text.slice(0, Math.max(0, lengthMax - TRUNCATION_MARK.length)) + TRUNCATION_MARK
      : stream.text,
    head: stream.head.slice(0, lengthMax),
    tail: lengthMax === 0 ? '' : stream.tail.slice(-lengthMax),
  };
}
