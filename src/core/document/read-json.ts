import { readValidJson } from './read-valid-json.ts';
import type { Fault, Reading, SourceEntry, SourceNode } from './source.ts';
import { DOCUMENT_DEPTH_MAX, DOCUMENT_NODES_MAX, pointTo } from './source.ts';

/**
 * Strict JSON (RFC 8259) with the place of every value. `JSON.parse` tells neither repeated keys nor places.
 * The first mistake of syntax ends the reading; repeated keys are all reported.
 * @throws never
 */
export function readJson(text: string): Reading {
  const root = readValidJson(text);
  return root === null ? readWholeJson(text) : { root, faults: [] };
}

/** With every fault in its place, whatever the text. */
export function readWholeJson(text: string): Reading {
  const reader: Reader = { text, at: 0, nodes: 0, path: [], faults: [] };
  try {
    const root = readValue(reader);
    skipSpace(reader);
    if (reader.at < text.length) refuse(reader, `nothing may follow the document's value`);
    return { root, faults: reader.faults };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { root: null, faults: [...reader.faults, error.fault] };
  }
}

type Reader = {
  readonly text: string;
  at: number;
  nodes: number;
  /** Keys and indices down to the value being read; pointers are made of it only when there is a fault. */
  readonly path: (string | number)[];
  readonly faults: Fault[];
};

/** Carries the first mistake of syntax out of the recursion; never leaves this file. */
class Refusal extends Error {
  readonly fault: Fault;
  constructor(fault: Fault) {
    super(fault.message);
    this.fault = fault;
  }
}

function refuse(reader: Reader, message: string, code = 'json-syntax', hint = ''): never {
  throw new Refusal({ code, severity: 'error', at: reader.at, pointer: '', message, hint });
}

function readValue(reader: Reader): SourceNode {
  skipSpace(reader);
  reader.nodes += 1;
  if (reader.path.length > DOCUMENT_DEPTH_MAX)
    refuse(reader, `nested deeper than ${DOCUMENT_DEPTH_MAX} levels`, 'too-deep');
  if (reader.nodes > DOCUMENT_NODES_MAX)
    refuse(reader, `more than ${DOCUMENT_NODES_MAX} values`, 'too-many-nodes');
  const { text, at } = reader;
  switch (text.charAt(at)) {
    case '{':
      return readMap(reader);
    case '[':
      return readList(reader);
    case '"':
      return { kind: 'scalar', at, value: readText(reader), written: null };
    default:
      return readWord(reader);
  }
}

function readMap(reader: Reader): SourceNode {
  const { at } = reader;
  const entries: SourceEntry[] = [];
  const keys = new Set<string>();
  reader.at += 1;
  if (take(reader, '}')) return { kind: 'map', at, entries };
  do {
    skipSpace(reader);
    const keyAt = reader.at;
    if (reader.text.charAt(keyAt) !== '"') refuse(reader, keyExpected(reader));
    const key = readText(reader);
    reader.path.push(key);
    if (keys.has(key)) reader.faults.push(repeatedKey(key, keyAt, pointerOf(reader)));
    keys.add(key);
    if (!take(reader, ':')) refuse(reader, `":" is missing after the key "${key}"`);
    entries.push({ key, keyAt, value: readValue(reader) });
    reader.path.pop();
  } while (take(reader, ','));
  if (!take(reader, '}')) refuse(reader, '"," or "}" is missing here');
  return { kind: 'map', at, entries };
}

function readList(reader: Reader): SourceNode {
  const { at } = reader;
  const items: SourceNode[] = [];
  reader.at += 1;
  if (take(reader, ']')) return { kind: 'list', at, items };
  do {
    reader.path.push(items.length);
    items.push(readValue(reader));
    reader.path.pop();
  } while (take(reader, ','));
  if (!take(reader, ']')) refuse(reader, '"," or "]" is missing here');
  return { kind: 'list', at, items };
}

function pointerOf(reader: Reader): string {
  return reader.path.reduce<string>(pointTo, '');
}

const ESCAPED = /[\\\0-\x1f]/;

function readText(reader: Reader): string {
  const { text, at } = reader;
  const quote = text.indexOf('"', at + 1);
  const plain = quote === -1 ? '' : text.slice(at + 1, quote);
  // Without escapes and control characters, as nearly always, the text is what stands between the quotes.
  if (quote !== -1 && !ESCAPED.test(plain)) {
    reader.at = quote + 1;
    return plain;
  }
  for (let end = at + 1; end < text.length; end++) {
    const unit = text.charCodeAt(end);
    if (unit === 0x5c) end += 1;
    else if (unit === 0x22) {
      reader.at = end + 1;
      const raw = text.slice(at, end + 1);
      const parsed: unknown = parseOrNull(raw);
      if (typeof parsed === 'string') return parsed;
      reader.at = at;
      refuseText(reader, raw);
    }
  }
  return refuse(reader, 'this text has no closing quote');
}

/** A good escape, or else what JSON has not inside of a text. */
const BROKEN = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})|([\0-\x1f]|\\.?)/g;

/** At the character that makes it none. */
function refuseText(reader: Reader, raw: string): never {
  const found = [...raw.matchAll(BROKEN)].find(([, broken]) => broken !== undefined);
  const broken = found?.[1] ?? '';
  reader.at += found?.index ?? 0;
  if (broken === '\n' || broken === '\r')
    return refuse(reader, 'a text ends in its line', 'json-syntax', 'Write \\n for a new line.');
  return broken.startsWith('\\')
    ? refuse(reader, `${broken} is no escape of JSON`, 'json-syntax', 'Write \\\\ for a backslash.')
    : refuse(
        reader,
        'a control character stands in this text',
        'json-syntax',
        'Write it as \\u00….',
      );
}

const WORD = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y;

function readWord(reader: Reader): SourceNode {
  const { text, at } = reader;
  if (at >= text.length) refuse(reader, 'the document ends too early');
  WORD.lastIndex = at;
  const word = WORD.exec(text)?.[0];
  if (word === undefined)
    refuse(
      reader,
      `unexpected ${JSON.stringify(text.slice(at, at + 12))}`,
      'json-syntax',
      wordHint(reader),
    );
  const value = parseOrNull(word);
  if (typeof value === 'number' && !Number.isFinite(value))
    refuse(reader, 'this number is too large');
  reader.at += word.length;
  return { kind: 'scalar', at, value: value as null | boolean | number, written: null };
}

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // not JSON: the callers say so with the place
  }
}

function keyExpected(reader: Reader): string {
  return reader.text.charAt(reader.at) === '}'
    ? 'JSON allows no comma before "}"'
    : 'a key in double quotes is expected here';
}

function wordHint(reader: Reader): string {
  const { text, at } = reader;
  if (text.startsWith('\ufeff', at)) return 'Save the file without a byte-order mark.';
  if (text.startsWith('//', at) || text.startsWith('/*', at))
    return 'Remove the comment: JSON has none.';
  if (text.charAt(at) === ']' || text.charAt(at) === '}') return 'Remove the comma before it.';
  return '';
}

function take(reader: Reader, character: string): boolean {
  skipSpace(reader);
  if (reader.text.charAt(reader.at) !== character) return false;
  reader.at += 1;
  return true;
}

function skipSpace(reader: Reader): void {
  for (;;) {
    const unit = reader.text.charCodeAt(reader.at);
    if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return;
    reader.at += 1;
  }
}

function repeatedKey(key: string, at: number, pointer: string): Fault {
  return {
    code: 'duplicate-key',
    severity: 'error',
    at,
    pointer,
    message: `the key "${key}" is written twice`,
    hint: 'Keep one of the two.',
  };
}
