/**
 * The one place where text that somebody else wrote meets Markdown and JSON (rule C8). Nothing that a node says becomes
 * structure: it is shown in a code span or in a fence longer than any run of backticks in it, control and
 * direction-changing characters are visible escapes, and everything is capped in bytes.
 */

/**
 * Controls but newline and tab, soft hyphen, zero-width and direction marks, line separators, isolates, byte-order mark,
 * interlinear anchors, tag characters, lone surrogates.
 */
const INVISIBLE =
  /[\0-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202f\u205f-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\u{e0000}-\u{e0fff}]|\p{Surrogate}/gu;

/** Most of what we write: nothing in it has to be looked at. */
const PLAIN = /^[\n\x20-\x7e]*$/;

/** A character as its number: `\u{202e}`. */
const escapeOf = (character: string): string =>
  `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;

/** Text over several lines with everything invisible made visible; lines end with `\n`. */
export const visibleLines = (text: string): string =>
  text.replaceAll('\r\n', '\n').replace(INVISIBLE, escapeOf);

/** As `visibleLines`, on one line. */
export const visibleLine = (text: string): string =>
  visibleLines(text).replaceAll('\n', '\\n').replaceAll('\t', '\\t');

/** JSON text with the same characters as JSON's own escapes: reading it gives the same value. */
export function visibleJson(json: string): string {
  if (PLAIN.test(json)) return json;
  return json.replace(INVISIBLE, (character) => {
    let escaped = '';
    for (let i = 0; i < character.length; i++) {
      escaped += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`;
    }
    return escaped;
  });
}

/** The first `bytesMax` bytes of UTF-8, never half a character; `…` stands for the rest. */
export function capBytes(text: string, bytesMax: number): string {
  if (text.length * 3 <= bytesMax) return text;
  const bytes = Buffer.from(text);
  if (bytes.length <= bytesMax) return text;
  return `${wholeCharacters(bytes.subarray(0, bytesMax - 3))}…`;
}

/** The last `bytesMax` bytes of UTF-8: the end of an output is where the reason stands. */
export function capBytesTail(text: string, bytesMax: number): string {
  if (text.length * 3 <= bytesMax) return text;
  const bytes = Buffer.from(text);
  if (bytes.length <= bytesMax) return text;
  let start = bytes.length - (bytesMax - 3);
  while (start < bytes.length && isContinuation(bytes[start])) start++;
  return `…${bytes.toString('utf8', start)}`;
}

function wholeCharacters(bytes: Buffer): string {
  let end = bytes.length;
  while (end > 0 && isContinuation(bytes[end - 1])) end--;
  const lead = bytes[end - 1];
  const length = lead === undefined || lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  return bytes.toString('utf8', 0, end - 1 + length <= bytes.length ? end - 1 + length : end - 1);
}

const isContinuation = (byte: number | undefined): boolean =>
  byte !== undefined && byte >= 0x80 && byte < 0xc0;

/** What a code span holds at most, bytes. */
const CODE_BYTES_MAX = 200;

/** A code span for a line, not for a table: no mention, link or number in it is looked for by a renderer. */
export function code(text: string): string {
  const line = visibleLine(capBytes(text, CODE_BYTES_MAX));
  const content = line.trim() === '' ? '(empty)' : line;
  const marks = '`'.repeat(longestRun(content) + 1);
  const padded = /^[` ]|[` ]$/.test(content) ? ` ${content} ` : content;
  return `${marks}${padded}${marks}`;
}

/** A code span for a cell of a table. Renderers disagree on escaped pipes inside of code, so there are none. */
export const cell = (text: string): string =>
  code(capBytes(text, CODE_BYTES_MAX).replaceAll('|', '\\u{7c}'));

/** A fenced block; the caller puts an empty line before and after it. */
export function fence(text: string): string {
  const content = visibleLines(text).replace(/\n+$/, '');
  const marks = '`'.repeat(Math.max(3, longestRun(content) + 1));
  return `${marks}text\n${content}\n${marks}`;
}

function longestRun(text: string): number {
  let longest = 0;
  for (const run of text.matchAll(/`+/g)) longest = Math.max(longest, run[0].length);
  return longest;
}

/** What GitHub would turn into a link or a mention, escaped or not. */
const LINKED = /:\/\/|www\.|@/i;

/**
 * A sentence by people of the repository or by us, to be read as prose outside of tables: every mark of Markdown in it is
 * escaped, and words that would become links are code. For text that comes from nodes there is `code` and `fence`.
 */
export const prose = (text: string): string =>
  visibleLines(text)
    .split(/\s+/)
    .filter((word) => word !== '')
    .map((word) => (LINKED.test(word) ? code(word) : escapedWord(word)))
    .map((word, at) => (at === 0 ? word.replace(/^(\d+)([.)])$/, '$1\\$2') : word))
    .join(' ');

const escapedWord = (word: string): string =>
  word.replace(/[\\`*_{}[\]<>#+\-.!|~&:$^=/]/g, (mark, at: number) =>
    isHarmless(mark, word[at - 1], word[at + 1]) ? mark : `\\${mark}`,
  );

/** Marks that mean something only at the start of a line or beside others, where prose has them inside words. */
function isHarmless(mark: string, before: string | undefined, after: string | undefined): boolean {
  if (before === undefined) return false;
  switch (mark) {
    case '=':
      return true;
    case '.':
      return after === undefined || /\d/.test(before);
    case ':':
      return after === undefined || /\d/.test(after);
    case '-':
    case '/':
      return /\w/.test(before) && after !== undefined && /\w/.test(after);
    default:
      return false;
  }
}
