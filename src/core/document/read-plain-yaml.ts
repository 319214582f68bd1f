import type { SourceEntry, SourceMap, SourceNode, SourceScalar } from './source.ts';
import { DOCUMENT_DEPTH_MAX, DOCUMENT_NODES_MAX } from './source.ts';

/**
 * The YAML that files are nearly always written in, where 1.1 and 1.2 mean the same: block maps and lists, scalars and flow collections of one line,
 * literal blocks. Several times faster than a whole YAML parser, and null at the first thing that is anything else, or
 * wrong: then the whole parser reads the text from its beginning. What this gives is what that gives, which tests compare.
 */
export function readPlainYaml(text: string): SourceMap | null {
  if (UNUSUAL.test(text) || (SURROGATE.test(text) && HALF.test(text))) return null;
  const isOpen = !text.endsWith('\n');
  const closed = isOpen ? `${text}\n` : text;
  const reader: Reader = { text: closed, isOpen, at: text.startsWith('---\n') ? 4 : 0, nodes: 0 };
  try {
    skipBlank(reader);
    const root = indentAt(reader) === 0 ? readMap(reader, 0, 0) : null;
    return reader.at >= closed.length ? root : null;
  } catch (error) {
    if (error === ELSEWHERE) return null;
    throw error;
  }
}

/** Other line ends, controls, byte-order marks; lines that mark the documents of a file. */
const UNUSUAL = /[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff]|\n(?:---|\.\.\.)/;
const SURROGATE = /[\ud800-\udfff]/;
/** Half a character. Looked for alone, since this mode is several times slower. */
const HALF = /\p{Surrogate}/u;

/** Carries "not for us" out of the recursion; never leaves this file. */
const ELSEWHERE = new Error('not plain YAML');

function giveUp(): never {
  throw ELSEWHERE;
}

/** Between lines, `at` is the beginning of one. `isOpen`: the last line end is ours. */
type Reader = { readonly text: string; readonly isOpen: boolean; at: number; nodes: number };

const SPACE = 0x20;
const NEWLINE = 0x0a;
const HASH = 0x23;
const DASH = 0x2d;

function indentAt({ text, at }: Reader): number {
  let end = at;
  while (text.charCodeAt(end) === SPACE) end += 1;
  return end - at;
}

/** To the next line with something on it; a tab before it is not for us. */
function skipBlank(reader: Reader): void {
  const { text } = reader;
  while (reader.at < text.length) {
    const first = reader.at + indentAt(reader);
    const unit = text.charCodeAt(first);
    if (unit === 0x09) giveUp();
    if (unit !== NEWLINE && unit !== HASH) return;
    reader.at = text.indexOf('\n', first) + 1;
  }
}

function count(reader: Reader, depth: number): void {
  reader.nodes += 1;
  if (reader.nodes > DOCUMENT_NODES_MAX || depth > DOCUMENT_DEPTH_MAX) giveUp();
}

const startsItem = ({ text }: Reader, at: number): boolean =>
  text.charCodeAt(at) === DASH &&
  (text.charCodeAt(at + 1) === SPACE || text.charCodeAt(at + 1) === NEWLINE);

const KEY = /[A-Za-z_$][\w$./-]*(?::[\w$./-]+)*:(?=[ \n])/y;
const OTHER_KINDS = /^(?:y|n|yes|no|on|off|true|false|null)$/i;
const OTHER_KINDS_CHARS_MAX = 'false'.length;

/** YAML wants the colon of a key within 1,024 characters. */
const KEY_CHARS_MAX = 1_000;

/** The end of a key with its colon, or -1. */
function keyEnd({ text }: Reader, at: number): number {
  KEY.lastIndex = at;
  if (!KEY.test(text)) return -1;
  return KEY.lastIndex - at > KEY_CHARS_MAX ? giveUp() : KEY.lastIndex;
}

/** Keys stand at column `indent`; the first may stand behind a dash, and `at` is there. */
function readMap(reader: Reader, indent: number, depth: number): SourceMap {
  const { text } = reader;
  count(reader, depth);
  const entries: SourceEntry[] = [];
  const known = new Set<string>();
  let keyAt = reader.at + indentAt(reader);
  const at = keyAt;
  for (;;) {
    const end = keyEnd(reader, keyAt);
    if (end === -1) giveUp();
    const key = text.slice(keyAt, end - 1);
    if (known.has(key) || OTHER_KINDS.test(key)) giveUp();
    known.add(key);
    entries.push({ key, keyAt, value: readAfter(reader, end, { indent, depth, inMap: true }) });
    skipBlank(reader);
    const next = indentAt(reader);
    if (reader.at >= text.length || next < indent) break;
    keyAt = reader.at + next;
    if (next > indent || startsItem(reader, keyAt)) giveUp();
  }
  return { kind: 'map', at, entries };
}

function readList(reader: Reader, indent: number, depth: number): SourceNode {
  const { text } = reader;
  count(reader, depth);
  const at = reader.at + indent;
  const items: SourceNode[] = [];
  for (;;) {
    const dash = reader.at + indent;
    items.push(readAfter(reader, dash + 1, { indent, depth, inMap: false }));
    skipBlank(reader);
    const next = indentAt(reader);
    if (reader.at >= text.length || next < indent) break;
    if (next > indent) giveUp();
    if (!startsItem(reader, reader.at + next)) break;
  }
  return { kind: 'list', at, items };
}

type Parent = { readonly indent: number; readonly depth: number; readonly inMap: boolean };

/** What follows a colon or a dash, on this line or the next ones. */
function readAfter(reader: Reader, from: number, parent: Parent): SourceNode {
  const { text } = reader;
  let at = from;
  while (text.charCodeAt(at) === SPACE) at += 1;
  const unit = text.charCodeAt(at);
  if (unit === NEWLINE || unit === HASH) return readBelow(reader, at, parent);
  if (!parent.inMap) {
    if (startsItem(reader, at)) giveUp();
    const column = at - (text.lastIndexOf('\n', at) + 1);
    if (keyEnd(reader, at) !== -1) {
      reader.at = at; // the first key, in the middle of its line
      return readMap(reader, column, parent.depth + 1);
    }
  }
  return readInline(reader, at, parent);
}

/** A block of its own; nothing at all is not for us. */
function readBelow(reader: Reader, at: number, parent: Parent): SourceNode {
  const { text } = reader;
  reader.at = text.indexOf('\n', at) + 1;
  skipBlank(reader);
  if (reader.at >= text.length) giveUp();
  const indent = indentAt(reader);
  const isItem = startsItem(reader, reader.at + indent);
  if (indent < parent.indent || (indent === parent.indent && !(parent.inMap && isItem))) giveUp();
  return isItem
    ? readList(reader, indent, parent.depth + 1)
    : readMap(reader, indent, parent.depth + 1);
}

function readInline(reader: Reader, at: number, parent: Parent): SourceNode {
  const { text } = reader;
  switch (text.charAt(at)) {
    case '|':
      return readLiteral(reader, at, parent);
    case '"':
    case "'":
    case '[':
    case '{': {
      const { node, end } = readFlow(reader, at, parent.depth + 1);
      endLine(reader, end, parent);
      return node;
    }
    default: {
      count(reader, parent.depth + 1);
      const lineEnd = text.indexOf('\n', at);
      const line = text.slice(at, lineEnd);
      const comment = line.indexOf(' #');
      const written = (comment === -1 ? line : line.slice(0, comment)).trimEnd();
      if (holdsColonOrTab(written)) giveUp();
      endLine(reader, at + written.length, parent);
      return plainScalar(written, at);
    }
  }
}

const holdsColonOrTab = (written: string): boolean =>
  written.includes(': ') || written.endsWith(':') || written.includes('\t');

/** Nothing but a comment may follow, and the next line must not go on with the value. */
function endLine(reader: Reader, at: number, { indent }: Parent): void {
  const { text } = reader;
  const lineEnd = text.indexOf('\n', at);
  if (at < lineEnd && !/^ *$|^ +#/.test(text.slice(at, lineEnd))) giveUp();
  reader.at = lineEnd + 1;
  skipBlank(reader);
  if (reader.at < text.length && indentAt(reader) > indent) giveUp();
}

const INDICATOR = /^[&*!|>%@`#,\]}?:"'[{]|^- |^-$/;

/** Words that YAML 1.1 has other kinds for; whatever might be a number in one of its many ways is not for us. */
function plainScalar(written: string, at: number): SourceScalar {
  if (/^[A-Za-z_$/(]/.test(written)) {
    if (written.length > OTHER_KINDS_CHARS_MAX || !OTHER_KINDS.test(written))
      return { kind: 'scalar', at, value: written, written };
    if (written === 'true' || written === 'false')
      return { kind: 'scalar', at, value: written === 'true', written };
    return giveUp();
  }
  if (written === '' || INDICATOR.test(written)) giveUp();
  if (/^(?:0|[1-9]\d{0,14})$/.test(written))
    return { kind: 'scalar', at, value: Number(written), written };
  // A blank, a slash, a quote or a percent sign is in no number, date or other kind.
  if (/[ /"'$(){}%]/.test(written) && !/^[<=~]/.test(written))
    return { kind: 'scalar', at, value: written, written };
  return giveUp();
}

function readFlow(
  reader: Reader,
  at: number,
  depth: number,
): { readonly node: SourceNode; readonly end: number } {
  count(reader, depth);
  const { text } = reader;
  switch (text.charAt(at)) {
    case '"':
      return readQuoted(text, at, DOUBLE);
    case "'":
      return readQuoted(text, at, SINGLE);
    case '[': {
      const items: SourceNode[] = [];
      const end = readEntries(reader, at, ']', (from) => {
        const item = readFlow(reader, from, depth + 1);
        items.push(item.node);
        return item.end;
      });
      return { node: { kind: 'list', at, items }, end };
    }
    case '{': {
      const entries: SourceEntry[] = [];
      const end = readEntries(reader, at, '}', (keyAt) => {
        const colon = keyEnd(reader, keyAt);
        if (colon === -1) giveUp();
        const key = text.slice(keyAt, colon - 1);
        if (OTHER_KINDS.test(key) || entries.some((entry) => entry.key === key)) giveUp();
        const value = readFlow(reader, skipSpaces(text, colon), depth + 1);
        entries.push({ key, keyAt, value: value.node });
        return value.end;
      });
      return { node: { kind: 'map', at, entries }, end };
    }
    default: {
      FLOW_PLAIN.lastIndex = at;
      const written = (FLOW_PLAIN.exec(text)?.[0] ?? '').trimEnd();
      if (holdsColonOrTab(written) || written.includes(' #')) giveUp();
      return { node: plainScalar(written, at), end: at + written.length };
    }
  }
}

const FLOW_PLAIN = /[^,[\]{}\n]*/y;

/** `readOne` takes a place and gives the end of what it read; between entries stands exactly one comma. */
function readEntries(
  { text }: Reader,
  open: number,
  close: string,
  readOne: (at: number) => number,
): number {
  let at = skipSpaces(text, open + 1);
  if (text.charAt(at) === close) return at + 1;
  for (;;) {
    at = skipSpaces(text, readOne(at));
    if (text.charAt(at) === close) return at + 1;
    if (text.charAt(at) !== ',') giveUp();
    at = skipSpaces(text, at + 1);
  }
}

function skipSpaces(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) === SPACE) at += 1;
  return at;
}

/** On one line, with the escapes that JSON has too. */
const DOUBLE = /"(?:[^"\\\n\t]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"(?=[ ,\]}\n])/y;
const SINGLE = /'(?:[^'\n\t]|'')*'(?=[ ,\]}\n])/y;

function readQuoted(
  text: string,
  at: number,
  form: RegExp,
): { readonly node: SourceScalar; readonly end: number } {
  form.lastIndex = at;
  const written = form.exec(text)?.[0] ?? giveUp();
  const inner = written.slice(1, -1);
  const value = form === SINGLE ? inner.replaceAll("''", "'") : unescaped(written, inner);
  return { node: { kind: 'scalar', at, value, written: null }, end: at + written.length };
}

function unescaped(written: string, inner: string): string {
  if (!inner.includes('\\')) return inner;
  const value: unknown = JSON.parse(written);
  return typeof value === 'string' ? value : giveUp();
}

/** `|` and `|-`, their depth told by their first line. */
function readLiteral(reader: Reader, at: number, parent: Parent): SourceScalar {
  const { text } = reader;
  count(reader, parent.depth + 1);
  const headerEnd = text.indexOf('\n', at);
  const header = text.slice(at, headerEnd).trimEnd();
  if (header !== '|' && header !== '|-') giveUp();
  reader.at = headerEnd + 1;
  const indent = indentAt(reader);
  if (indent <= parent.indent || /[\n\t]/.test(text.charAt(reader.at + indent))) giveUp();
  const lines: string[] = [];
  while (reader.at < text.length) {
    const own = indentAt(reader);
    const lineEnd = text.indexOf('\n', reader.at);
    const isBlank = reader.at + own === lineEnd;
    if (own < indent && !isBlank) {
      if (text.charCodeAt(reader.at + own) === 0x09) giveUp();
      break;
    }
    lines.push(isBlank && own <= indent ? '' : text.slice(reader.at + indent, lineEnd));
    reader.at = lineEnd + 1;
  }
  // Such a block has no last line end either, and what is blank there is not ours to judge.
  if (reader.isOpen && reader.at >= text.length) giveUp();
  while (lines.at(-1) === '') lines.pop();
  if (/^ *$/.test(lines.at(-1) ?? '')) giveUp();
  skipBlank(reader);
  if (reader.at < text.length && indentAt(reader) > parent.indent) giveUp();
  const value = lines.join('\n') + (header === '|' ? '\n' : '');
  return { kind: 'scalar', at, value, written: null };
}
