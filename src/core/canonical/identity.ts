import { hash } from 'node:crypto';
import { invariant } from '../model/errors.ts';

const ALPHABET = '0123456789abcdefghijklmnopqrstuv';
const SHORT_HASH_CHARS = 26;

/** Root of every name-based id of ours. Never change it: all association ids would. */
const NAMESPACE = '3f1d5c5e-8a67-4b0c-9d52-6e0b7c1f4a29';

/** Written over by each hash: a slot names ten thousand runs, and a buffer for each part costs more than the hash. */
const scratch = Buffer.alloc(4096);

/**
 * 26 characters of base32hex (130 bits of SHA-256): the form of run and execution ids. Each part is preceded by its
 * length, so ['ab', 'c'] and ['a', 'bc'] differ.
 */
export function shortHash(parts: readonly string[]): string {
  let end = 0;
  for (const part of parts) {
    // A unit of text is three bytes at most.
    if (end + 4 + part.length * 3 > scratch.length) return base32hex(hashOfAny(parts));
    const bytes = scratch.write(part, end + 4);
    end = scratch.writeUInt32BE(bytes, end) + bytes;
  }
  return base32hex(hash('sha256', scratch.subarray(0, end), 'binary'));
}

/** The same of parts of any length. */
function hashOfAny(parts: readonly string[]): string {
  return hash('sha256', framed(parts), 'binary');
}

function framed(parts: readonly string[]): Buffer {
  const pieces = parts.flatMap((part) => {
    const bytes = Buffer.from(part, 'utf8');
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return [length, bytes];
  });
  return Buffer.concat(pieces);
}

/** `shortHash([...before, part, ...after])` of one part after another: what they share is laid out once. */
export function shortHashes(
  before: readonly string[],
  after: readonly string[],
): (part: string) => string {
  const [head, tail] = [framed(before), framed(after)];
  let bytes = Buffer.alloc(0);
  let room = -1;
  return (part) => {
    const length = Buffer.byteLength(part);
    if (length === room) bytes.write(part, head.length + 4);
    else bytes = Buffer.concat([head, framed([part]), tail]);
    room = length;
    return base32hex(hash('sha256', bytes, 'binary'));
  };
}

/** Name-based UUID, version 5 (RFC 9562 §5.5), lower case. `namespaceUuid` is a UUID in the usual form. */
export function uuidV5(namespaceUuid: string, name: string): string {
  invariant(
    /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(namespaceUuid),
    `a namespace is a UUID, not ${JSON.stringify(namespaceUuid).slice(0, 80)}`,
  );
  const named = Buffer.concat([
    Buffer.from(namespaceUuid.replaceAll('-', ''), 'hex'),
    Buffer.from(name),
  ]);
  const bytes = hash('sha1', named, 'buffer').subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** `AssociationId` (contract §3): the same name in the same instance has the same id for ever. */
export function associationId(instance: string, associationName: string): string {
  if (known.instance !== instance || known.ids.size >= KNOWN_MAX) {
    known = { instance, namespace: uuidV5(NAMESPACE, instance), ids: new Map() };
  }
  const before = known.ids.get(associationName);
  if (before !== undefined) return before;
  const id = uuidV5(known.namespace, associationName);
  known.ids.set(associationName, id);
  return id;
}

/** A program serves one instance, and every job and every report asks for the ids of its associations. */
let known = { instance: '', namespace: uuidV5(NAMESPACE, ''), ids: new Map<string, string>() };
const KNOWN_MAX = 20_000;

const DIGITS = Buffer.from(ALPHABET, 'latin1');

/** Written over by each: text that is put together digit by digit costs more than the hash does. */
const digits = Buffer.alloc(SHORT_HASH_CHARS);

/** `bytes` are the characters of a latin1 text. */
function base32hex(bytes: string): string {
  let pending = 0;
  let pendingBits = 0;
  let at = 0;
  for (let n = 0; n < SHORT_HASH_CHARS; n++) {
    if (pendingBits < 5) {
      pending = ((pending << 8) | bytes.charCodeAt(at++)) & 0xfff;
      pendingBits += 8;
    }
    pendingBits -= 5;
    digits[n] = DIGITS[(pending >> pendingBits) & 31] ?? 0;
  }
  return digits.toString('latin1');
}
