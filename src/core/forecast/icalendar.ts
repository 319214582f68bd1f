/** iCalendar as text (RFC 5545): escaped values, lines of at most 75 octets, CRLF. */

export type Property = {
  /** With its parameters: `DTSTART;VALUE=DATE`. */
  readonly name: string;
  readonly value: string;
};

const LINE_OCTETS_MAX = 75;

/** A TEXT value: backslash, semicolon, comma and line breaks escaped; other controls have no place in one. */
export const escapeText = (text: string): string =>
  text
    .replace(/[\\;,]/g, (mark) => `\\${mark}`)
    .replace(/\r\n|\r|\n/g, '\\n')
    .replace(/[\p{Cc}\u2028\u2029]|\p{Surrogate}/gu, ' ');

export function component(name: string, lines: readonly (Property | string)[]): string {
  const inner = lines.map((line) =>
    typeof line === 'string' ? line : foldLine(`${line.name}:${line.value}`),
  );
  return `BEGIN:${name}\r\n${inner.join('')}END:${name}\r\n`;
}

/** Continuation lines begin with a space, which counts; a character is never cut. */
function foldLine(line: string): string {
  let text = '';
  let octets = 0;
  for (const character of line) {
    const size = Buffer.byteLength(character);
    if (octets + size > LINE_OCTETS_MAX) {
      text += '\r\n ';
      octets = 1;
    }
    text += character;
    octets += size;
  }
  return `${text}\r\n`;
}
