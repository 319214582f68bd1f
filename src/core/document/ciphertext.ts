/**
 * An age file in its armor, as text of YAML: looked at, never opened. What it is for, how large its plain text is and
 * whether a node could open it at all stand in its header, so that mistakes are found before anything is sent.
 * @see the age specification, "age v1" and "ASCII armor"
 */
import type { Result } from '../model/result.ts';
import { err, ok } from '../model/result.ts';

/** Room for 8 KiB of plain text and 20 recipients; a bomb is never decoded. */
export const CIPHERTEXT_LENGTH_MAX = 16_384;
const STANZAS_MAX = 20;

const BEGIN = '-----BEGIN AGE ENCRYPTED FILE-----';
const END = '-----END AGE ENCRYPTED FILE-----';
const ARMOR_COLUMNS = 64;
const BYTES_PER_LINE = 48;

/** Kinds of recipients that a file with identities can answer: no passphrase, no plugin, no ssh key. */
const USABLE = new Set(['X25519', 'mlkem768x25519']);

/** The nonce and the tag of the only chunk: longer plain texts have no room. */
const PAYLOAD_OVERHEAD = 16 + 16;

export type Ciphertext = {
  /** The armor as everybody writes it, so that re-wrapped lines are the same value. */
  readonly armored: string;
  readonly plainBytes: number;
};

/** True for what was meant as ciphertext, however broken: anything else is a plain value. */
export const looksEncrypted = (text: string): boolean => text.trimStart().startsWith(BEGIN);

/** The error says what is wrong with it, without a byte of it. */
export function parseCiphertext(text: string): Result<Ciphertext, string> {
  if (text.length > CIPHERTEXT_LENGTH_MAX)
    return err(`it is longer than ${CIPHERTEXT_LENGTH_MAX} characters`);
  const bytes = withoutArmor(text);
  if (bytes === null) return err('its armor is broken or cut short');
  const header = readHeader(bytes.toString('latin1'));
  if (!header.ok) return header;
  const plainBytes = bytes.length - header.value.length - PAYLOAD_OVERHEAD;
  if (plainBytes < 0) return err('it is cut short');
  return ok({ armored: withArmor(bytes), plainBytes });
}

function withoutArmor(text: string): Buffer | null {
  const lines = text.trim().split(/\r?\n/);
  if (lines.shift() !== BEGIN || lines.pop() !== END || lines.length === 0) return null;
  const isWhole = lines.every(
    (line, i) =>
      /^[A-Za-z0-9+/]+={0,2}$/.test(line) &&
      line.length % 4 === 0 &&
      (i === lines.length - 1 ? line.length <= ARMOR_COLUMNS : line.length === ARMOR_COLUMNS),
  );
  if (!isWhole) return null;
  const base64 = lines.join('');
  const bytes = Buffer.from(base64, 'base64');
  // Padding in the middle and loose bits at the end would decode to something, and not to this.
  return bytes.toString('base64') === base64 ? bytes : null;
}

function withArmor(bytes: Buffer): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += BYTES_PER_LINE)
    lines.push(bytes.subarray(at, at + BYTES_PER_LINE).toString('base64'));
  return `${[BEGIN, ...lines, END].join('\n')}\n`;
}

/** Up to and with the line of the MAC. */
function readHeader(text: string): Result<{ readonly length: number }, string> {
  const version = 'age-encryption.org/v1\n';
  if (!text.startsWith(version)) return err('it is no age file of version 1');
  const types: string[] = [];
  let at = version.length;
  for (;;) {
    const line = lineAt(text, at);
    if (line === null) return err('its header is cut short');
    at += line.length + 1;
    if (/^--- [A-Za-z0-9+/]{43}$/.test(line)) break;
    const type = /^-> ([!-~]+)( [!-~]+)*$/.exec(line)?.[1];
    if (type === undefined) return err('its header is malformed');
    types.push(type);
    if (types.length > STANZAS_MAX) return err(`it has more than ${STANZAS_MAX} recipients`);
    const end = endOfBody(text, at);
    if (end === null) return err('its header is malformed');
    at = end;
  }
  if (types.includes('scrypt')) return err('it asks for a passphrase, which no node can type');
  if (!types.some((type) => USABLE.has(type)))
    return err('none of its recipients is an age1… key; ssh keys and plugins cannot be used');
  return ok({ length: at });
}

/** A body is lines of 64 characters and one shorter line, which may be empty. */
function endOfBody(text: string, from: number): number | null {
  for (let at = from; ; ) {
    const line = lineAt(text, at);
    if (line === null || !/^[A-Za-z0-9+/]{0,64}$/.test(line)) return null;
    at += line.length + 1;
    if (line.length < ARMOR_COLUMNS) return at;
  }
}

function lineAt(text: string, at: number): string | null {
  const end = text.indexOf('\n', at);
  return end === -1 ? null : text.slice(at, end);
}
