import type { Json, JsonObject } from '../model/json.ts';
import type { SourceEntry, SourceNode } from './source.ts';
import { DOCUMENT_DEPTH_MAX, DOCUMENT_NODES_MAX } from './source.ts';

/**
 * JSON without a fault: `JSON.parse` reads the values, and a walk beside them finds the places, several times as fast as
 * reading both. Null for anything with a fault, repeated keys and broken limits too: then the whole reader says which.
 * What this gives is what that gives, which tests compare.
 */
export function readValidJson(text: string): SourceNode | null {
  try {
    const value = JSON.parse(text) as Json;
    return placed({ text, at: 0, nodes: 0 }, value, 0);
  } catch (error) {
    if (error === ELSEWHERE || error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Carries "not for us" out of the recursion; never leaves this file. */
const ELSEWHERE = new Error('JSON with a fault');

type Reader = { readonly text: string; at: number; nodes: number };

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * The node of `value`, which begins here. A repeated key makes the value of its last place stand at all of them: where
 * another shape stands, a mark is not what it must be, and where the same does, the map goes on behind its last key.
 */
function placed(reader: Reader, value: Json, depth: number): SourceNode {
  skipSpace(reader);
  reader.nodes += 1;
  if (reader.nodes > DOCUMENT_NODES_MAX || depth > DOCUMENT_DEPTH_MAX) throw ELSEWHERE;
  const { at } = reader;
  if (typeof value === 'string') {
    passText(reader);
    return { kind: 'scalar', at, value, written: null };
  }
  if (Array.isArray(value)) return placedList(reader, value, depth);
  if (typeof value === 'object' && value !== null)
    return placedMap(reader, value as JsonObject, depth);
  return placedWord(reader, value as null | boolean | number);
}

function placedList(reader: Reader, json: readonly Json[], depth: number): SourceNode {
  const { at } = reader;
  pass(reader, '[');
  const items: SourceNode[] = [];
  for (const item of json) {
    if (items.length > 0) pass(reader, ',');
    items.push(placed(reader, item, depth + 1));
  }
  pass(reader, ']');
  return { kind: 'list', at, items, json };
}

function placedMap(reader: Reader, json: JsonObject, depth: number): SourceNode {
  const { text, at } = reader;
  pass(reader, '{');
  const entries: SourceEntry[] = [];
  // In the order of the text, which is not that of an object whose keys are numbers.
  for (let left = Object.keys(json).length; left > 0; left--) {
    if (entries.length > 0) pass(reader, ',');
    skipSpace(reader);
    const keyAt = reader.at;
    passText(reader);
    const key = textOf(text, keyAt, reader.at);
    pass(reader, ':');
    entries.push({ key, keyAt, value: placed(reader, json[key] ?? null, depth + 1) });
  }
  pass(reader, '}');
  return { kind: 'map', at, entries, json };
}

const WORD = /[\w.+-]+/y;

function placedWord(reader: Reader, value: null | boolean | number): SourceNode {
  const { text, at } = reader;
  if (value === Infinity || value === -Infinity) throw ELSEWHERE;
  WORD.lastIndex = at;
  if (!WORD.test(text)) throw ELSEWHERE;
  reader.at = WORD.lastIndex;
  return { kind: 'scalar', at, value, written: null };
}

/** Behind the closing quote of the text that begins here. */
function passText(reader: Reader): void {
  const { text, at } = reader;
  if (text.charCodeAt(at) !== QUOTE) throw ELSEWHERE;
  let quote = text.indexOf('"', at + 1);
  while (isEscaped(text, quote)) quote = text.indexOf('"', quote + 1);
  reader.at = quote + 1;
}

function isEscaped(text: string, at: number): boolean {
  let before = at - 1;
  while (text.charCodeAt(before) === BACKSLASH) before -= 1;
  return (at - before) % 2 === 0;
}

/** Between two quotes. */
function textOf(text: string, from: number, to: number): string {
  const plain = text.slice(from + 1, to - 1);
  return plain.includes('\\') ? (JSON.parse(text.slice(from, to)) as string) : plain;
}

function pass(reader: Reader, mark: string): void {
  skipSpace(reader);
  if (reader.text.charAt(reader.at) !== mark) throw ELSEWHERE;
  reader.at += 1;
}

function skipSpace(reader: Reader): void {
  const { text } = reader;
  for (;;) {
    const unit = text.charCodeAt(reader.at);
    if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return;
    reader.at += 1;
  }
}
