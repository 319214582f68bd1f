import { constants, open } from 'node:fs/promises';
import type { AlarmState } from '../../core/rollout/gate.ts';
import type { AlarmReading, AlarmsPort } from '../../reconcile/ports.ts';
import type { AlarmSource } from '../config.ts';

const ANSWER_BYTES_MAX = 64 * 1024;
const WAIT_MS_MAX = 10_000;

/** Alarms where the daemon's configuration says they stand. Reading one never throws: what cannot be read is UNKNOWN. */
export function openAlarms(sources: readonly AlarmSource[]): AlarmsPort {
  /** Files whose reading has not come back. Each holds one of the few threads that all files share: never two of one. */
  const hanging = new Map<string, Promise<string>>();
  const readFile = (path: string): Promise<string> => {
    if (hanging.has(path)) return Promise.reject(new Error(`${path} has not answered yet`));
    const answer = readFileText(path).finally(() => hanging.delete(path));
    hanging.set(path, answer);
    return answer;
  };
  return {
    alarms: sources.map(({ name, intervalMs }) => ({ name, intervalMs })),
    async read(name, signal) {
      const source = sources.find((each) => each.name === name);
      if (source === undefined) return unknown('it is not in the configuration');
      const until = AbortSignal.any([signal, AbortSignal.timeout(WAIT_MS_MAX)]);
      try {
        return stateIn(
          'file' in source.from
            ? await within(until, readFile(source.from.file))
            : await readHttpText(source.from.url, until),
        );
      } catch (cause) {
        return unknown(cause instanceof Error ? cause.message : String(cause));
      }
    },
  };
}

/** A pipe without a writer would never answer, and an opening cannot be called off: it is not waited for. */
async function readFileText(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!(await file.stat()).isFile()) throw new Error(`${path} is no file`);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(ANSWER_BYTES_MAX));
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

/** A share that hangs answers nothing, not even to an abort: whoever waits leaves, and the answer is dropped. */
function within<Value>(until: AbortSignal, answer: Promise<Value>): Promise<Value> {
  const left = new Promise<never>((_resolve, reject) => {
    until.addEventListener('abort', () => reject(until.reason), { once: true });
  });
  return Promise.race([answer, left]);
}

/** A fresh connection each time: an alarm is read every half minute or so, from a host that may have moved. */
async function readHttpText(url: string, signal: AbortSignal): Promise<string> {
  const { Agent, request } = await import('undici'); // where alarms are files, a start does without
  const dispatcher = new Agent({ connect: { timeout: WAIT_MS_MAX } });
  try {
    const { statusCode, body } = await request(url, { dispatcher, signal });
    if (statusCode !== 200) {
      await body.dump();
      throw new Error(`it answers with status ${statusCode}`);
    }
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > ANSWER_BYTES_MAX)
        throw new Error(`its answer has more than ${ANSWER_BYTES_MAX} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString();
  } finally {
    await dispatcher.destroy();
  }
}

/** The first word of a text, or `StateValue` (as `DescribeAlarms` names it) of a JSON object. */
export function stateIn(text: string): AlarmReading {
  const word = text.trimStart().startsWith('{')
    ? stateValue(text)
    : /^\s*([A-Z_]+)\b/.exec(text)?.[1];
  const state = states.find((known) => known === word);
  return state === undefined
    ? unknown('it says none of OK, ALARM, INSUFFICIENT_DATA')
    : { state, problem: null };
}

const states: readonly Exclude<AlarmState, 'UNKNOWN'>[] = ['OK', 'ALARM', 'INSUFFICIENT_DATA'];

function stateValue(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && 'StateValue' in value
      ? value.StateValue
      : undefined;
  } catch {
    return undefined; // no JSON says nothing: the caller reports it
  }
}

const unknown = (problem: string): AlarmReading => ({ state: 'UNKNOWN', problem });
