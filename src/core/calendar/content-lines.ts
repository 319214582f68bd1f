/** A file as content lines of RFC 5545 §3.1: folded lines joined, each still knowing where its characters stood. */

export type Place = { readonly line: number; readonly column: number };

export type ContentLine = {
  /** Upper case. */
  readonly name: string;
  /** By upper-case name; values without their quotes. */
  readonly parameters: ReadonlyMap<string, string>;
  readonly value: string;
  /** Where the line begins. */
  readonly place: Place;
  /** Where the `index`-th character of the value stands. */
  readonly placeInValue: (index: number) => Place;
};

/** Blank lines are passed over, as files of AWS have them. Null: the line is no content line. */
export function contentLines(
  text: string,
): readonly { readonly place: Place; readonly line: ContentLine | null }[] {
  return unfold(text).map((joined) => ({
    place: { line: joined.line, column: 1 },
    line: readLine(joined),
  }));
}

type Joined = {
  readonly line: number;
  readonly parts: string[];
};

function unfold(text: string): readonly Joined[] {
  const joined: Joined[] = [];
  for (const [i, line] of text.split(/\r\n|\n|\r/).entries()) {
    const last = joined.at(-1);
    if ((line.startsWith(' ') || line.startsWith('\t')) && last !== undefined)
      last.parts.push(line);
    else if (line.trim() !== '') joined.push({ line: i + 1, parts: [line] });
  }
  return joined;
}

const NAME = /^[A-Za-z0-9-]{1,100}/;
/** One parameter; a value in quotes may hold anything but quotes. */
const PARAMETER = /;([A-Za-z0-9-]{1,100})=("[^"]*"|[^";:]*)((?:,(?:"[^"]*"|[^";:,]*))*)/y;

function readLine({ line, parts }: Joined): ContentLine | null {
  const [first = ''] = parts;
  const text =
    parts.length === 1
      ? first
      : first +
        parts
          .slice(1)
          .map((part) => part.slice(1))
          .join('');
  const name = NAME.exec(text)?.[0];
  if (name === undefined || CONTROL.test(text)) return null;
  const parameters = new Map<string, string>();
  let at = name.length;
  while (text[at] === ';') {
    PARAMETER.lastIndex = at;
    const found = PARAMETER.exec(text);
    const [whole = '', key = '', value = ''] = found ?? [];
    if (found === null || parameters.has(key.toUpperCase())) return null;
    parameters.set(key.toUpperCase(), value.replaceAll('"', ''));
    at += whole.length;
  }
  if (text[at] !== ':') return null;
  const valueAt = at + 1;
  return {
    name: name.toUpperCase(),
    parameters,
    value: text.slice(valueAt),
    place: { line, column: 1 },
    placeInValue: (index) => placeIn(parts, line, valueAt + index),
  };
}

/** Control characters but for the tab. */
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f]/;

function placeIn(parts: readonly string[], line: number, index: number): Place {
  let left = index;
  for (const [i, part] of parts.entries()) {
    const folded = i === 0 ? 0 : 1;
    if (left < part.length - folded) return { line: line + i, column: left + folded + 1 };
    left -= part.length - folded;
  }
  return { line: line + parts.length - 1, column: (parts.at(-1)?.length ?? 0) + 1 };
}
