/**
 * A document as it stands in its file: JSON and YAML become the same tree, and every node knows where it is, so that
 * every problem can point. What travels to nodes is `toJson` of it.
 */
import type { Json } from '../model/json.ts';

export type SourceNode = SourceMap | SourceList | SourceScalar;

export type SourceMap = {
  readonly kind: 'map';
  /** Offset of its first character in the file. */
  readonly at: number;
  readonly entries: readonly SourceEntry[];
  /** What `toJson` gives, where the reader has it already: of JSON everything travels as it is. */
  readonly json?: Json;
};

export type SourceEntry = {
  readonly key: string;
  readonly keyAt: number;
  readonly value: SourceNode;
};

type SourceList = {
  readonly kind: 'list';
  readonly at: number;
  readonly items: readonly SourceNode[];
  readonly json?: Json;
};

export type SourceScalar = {
  readonly kind: 'scalar';
  readonly at: number;
  readonly value: null | boolean | number | string;
  /** As written, for a YAML scalar without quotes: `2.2` is a number, and the text `2.2` where a text is wanted. */
  readonly written: string | null;
};

/** What reading a text gives: a tree unless it is no JSON or YAML, and what is wrong or has no effect. */
export type Reading = {
  readonly root: SourceNode | null;
  readonly faults: readonly Fault[];
};

/** A mistake found while reading, before the document's own rules. */
export type Fault = {
  readonly code: string;
  readonly severity: 'error' | 'warning';
  readonly at: number;
  readonly pointer: string;
  readonly message: string;
  readonly hint: string;
};

/** The limits of one document (spec/documents.md §1.1, spec/reliability-security.md §9). */
export const DOCUMENT_BYTES_MAX = 64 * 1024;
/** What a command reads of a file before it knows that this is no document, and never more. */
export const DOCUMENT_BYTES_READ_MAX = 4 * DOCUMENT_BYTES_MAX;
export const DOCUMENT_DEPTH_MAX = 32;
export const DOCUMENT_NODES_MAX = 50_000;
export const DOCUMENT_ALIASES_MAX = 50;
/** What aliases may make of it: four times what may be written. */
export const DOCUMENT_EXPANDED_CHARS_MAX = 256 * 1024;
export const DOCUMENT_STEPS_MAX = 64;

/** One step deeper in a JSON pointer (RFC 6901). */
export function pointTo(pointer: string, key: string | number): string {
  if (typeof key === 'number' || !/[~/]/.test(key)) return `${pointer}/${key}`;
  return `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** What travels for a node, where it is something other than its value, or known already. */
export type Travelling = ReadonlyMap<SourceNode, Json>;

export function toJson(node: SourceNode, travelling?: Travelling): Json {
  const known = travelling?.get(node);
  if (known !== undefined) return known;
  switch (node.kind) {
    case 'scalar':
      return node.value;
    case 'list':
      return node.json ?? node.items.map((item) => toJson(item, travelling));
    case 'map': {
      if (node.json !== undefined) return node.json;
      const record: { [key: string]: Json } = {};
      for (const { key, value } of node.entries) setOwn(record, key, toJson(value, travelling));
      return record;
    }
  }
}

/** Plain assignment, but for `__proto__`, which would change the record's prototype. */
function setOwn(record: { [key: string]: Json }, key: string, value: Json): void {
  if (key !== '__proto__') record[key] = value;
  else
    Object.defineProperty(record, key, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
}

/** 1-based line and column of an offset. Lines are looked for as far as somebody asks: nearly always the first few. */
export function placeFinder(text: string): (at: number) => { line: number; column: number } {
  const lineStarts = [0];
  let next = text.indexOf('\n') + 1;
  let last = 0;
  return (at) => {
    while (next !== 0 && next <= at) {
      lineStarts.push(next);
      next = text.indexOf('\n', next) + 1;
    }
    let low = 0;
    let high = lineStarts.length - 1;
    // Who asks mostly asks for the same line again, or for the next.
    if (at >= (lineStarts[last] ?? 0)) low = last;
    if (at < (lineStarts[low + 1] ?? Number.POSITIVE_INFINITY)) high = low;
    else if (at < (lineStarts[low + 2] ?? Number.POSITIVE_INFINITY)) low = high = low + 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((lineStarts[middle] ?? 0) <= at) low = middle;
      else high = middle - 1;
    }
    last = low;
    return { line: low + 1, column: at - (lineStarts[low] ?? 0) + 1 };
  };
}
