/**
 * Secret values in what a step wrote, replaced by value: streaming, in one pass, in time that grows with the bytes alone
 * (Aho-Corasick), so that neither a chunk's boundary nor a hostile output gets a byte past it or stops it.
 */

export const MASK = '***';
/** Shorter values would be found everywhere and hide nothing: they are refused before a run (`open.ts`). */
export const SECRET_BYTES_MIN = 4;

export type MaskedStream = {
  /** What can be told of the output so far; at most the longest value is held back. */
  add(chunk: Uint8Array): Uint8Array;
  /** The rest. The beginning of a value at the very end counts as the value: the stream may have been cut there. */
  end(): Uint8Array;
};

export type Mask = {
  stream(): MaskedStream;
  text(text: string): string;
};

/**
 * `values` as they are, and as JSON of several languages, shells and `echo` write them; each whole, without white space around
 * it, and line by line. Other encodings of them (base64, percent) are not known to it.
 */
export function makeMask(values: readonly string[]): Mask {
  const automaton = build(values.flatMap(spellings));
  return {
    stream: () => openStream(automaton),
    text: (text) => {
      const stream = openStream(automaton);
      const begin = stream.add(Buffer.from(text));
      return Buffer.concat([begin, stream.end()]).toString();
    },
  };
}

function spellings(value: string): readonly string[] {
  const written = [
    value,
    ...jsonSpellings(value),
    ...shellSpellings(value),
    value.replace(/\\([\\abfnrtv])/g, (_, letter: string) => ESCAPES[letter] ?? ''),
  ];
  return written.flatMap((text) => [
    text,
    text.trim(),
    ...text.split('\n').map((line) => line.trim()),
  ]);
}

/** Inside the quotes of a JSON text: as short as may be, safe for HTML (Go), with slashes escaped (PHP); and each of them in ASCII. */
function jsonSpellings(value: string): readonly string[] {
  const short = JSON.stringify(value).slice(1, -1);
  const kinds = [
    short,
    short.replace(/[&<>\u2028\u2029]/g, escapeUnit),
    short.replaceAll('/', '\\/'),
  ];
  return kinds.flatMap((text) => {
    const lower = text.replace(/[\u007f-\uffff]/g, escapeUnit);
    const upper = text.replace(/[\u007f-\uffff]/g, (unit) => `\\u${hexOf(unit).toUpperCase()}`);
    return [text, lower, upper];
  });
}

const hexOf = (unit: string): string => unit.charCodeAt(0).toString(16).padStart(4, '0');
const escapeUnit = (unit: string): string => `\\u${hexOf(unit)}`;

/** In the quotes that shells put around words when they trace (`set -x`) or list (`set`, `declare -p`, `printf %q`) them. */
function shellSpellings(value: string): readonly string[] {
  return [
    value.replaceAll("'", `'\\''`),
    value.replaceAll("'", `'"'"'`),
    value.replace(/["$`\\]/g, '\\$&'),
    value.replace(/^[~#]|[\s'"\\|&;()<>!{}*[\]?^$`,]/g, '\\$&'),
    inDollarQuotes(value),
    inDollarQuotes(value).replace(/[\u0080-\u{10ffff}]+/gu, (text) =>
      [...Buffer.from(text)].map((byte) => `\\${byte.toString(8)}`).join(''),
    ),
  ];
}

/** `$'…'`, which bash writes for what cannot be printed: in a locale without UTF-8 that is all beyond ASCII. */
const inDollarQuotes = (value: string): string =>
  value.replace(
    /[\u0000-\u001f'\\\u007f]/g,
    (unit) => DOLLAR_ESCAPES[unit] ?? `\\${unit.charCodeAt(0).toString(8).padStart(3, '0')}`,
  );

const DOLLAR_ESCAPES: { readonly [unit: string]: string } = {
  "'": "\\'",
  '\\': '\\\\',
  '\x07': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '\x1b': '\\E',
};

/** As `echo` of a POSIX shell reads them. */
const ESCAPES: { readonly [letter: string]: string } = {
  '\\': '\\',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

// --- the automaton --------------------------------------------------------------------------------------------

type Automaton = {
  /** From a node by a byte; 0 is the root. */
  readonly step: (node: number, byte: number) => number;
  readonly depth: Int32Array;
  /** Length of the longest value that ends at this node; 0: none. */
  readonly ends: Int32Array;
};

/** 16 MiB of table: a few KiB of secrets, which is what there is. Beyond it a byte costs a few looks into a map. */
const TABLE_NODES_MAX = 16_384;

function build(texts: readonly string[]): Automaton {
  const patterns = [...new Set(texts)]
    .map((text) => Buffer.from(text))
    .filter(({ length }) => length >= SECRET_BYTES_MIN);
  const trie = new Map<number, number>();
  const nodes: { readonly parent: number; readonly byte: number }[] = [{ parent: 0, byte: 0 }];
  const lengths = new Map<number, number>();
  for (const pattern of patterns) {
    let node = 0;
    for (const byte of pattern) {
      const edge = node * 256 + byte;
      let child = trie.get(edge);
      if (child === undefined) {
        child = nodes.push({ parent: node, byte }) - 1;
        trie.set(edge, child);
      }
      node = child;
    }
    lengths.set(node, pattern.length);
  }
  return link(trie, nodes, lengths);
}

/** Where each node falls back to: the longest other beginning of a value that ends where it ends. */
function link(
  trie: ReadonlyMap<number, number>,
  nodes: readonly { readonly parent: number; readonly byte: number }[],
  lengths: ReadonlyMap<number, number>,
): Automaton {
  const depth = new Int32Array(nodes.length);
  const ends = new Int32Array(nodes.length);
  const fallback = new Int32Array(nodes.length);
  const walk = (from: number, byte: number): number => {
    for (let node = from; ; node = fallback[node] ?? 0) {
      const to = trie.get(node * 256 + byte);
      if (to !== undefined) return to;
      if (node === 0) return 0;
    }
  };
  // A parent comes before its children in `nodes`; shallow nodes first, so that what a node falls back to is complete.
  for (const [node, { parent }] of nodes.entries())
    if (node !== 0) depth[node] = (depth[parent] ?? 0) + 1;
  const order = [...nodes.keys()].slice(1).sort((a, b) => (depth[a] ?? 0) - (depth[b] ?? 0));
  for (const node of order) {
    const { parent, byte } = nodes[node] ?? { parent: 0, byte: 0 };
    fallback[node] = parent === 0 ? 0 : walk(fallback[parent] ?? 0, byte);
    ends[node] = Math.max(lengths.get(node) ?? 0, ends[fallback[node] ?? 0] ?? 0);
  }
  if (nodes.length > TABLE_NODES_MAX) return { step: walk, depth, ends };
  const table = new Int32Array(nodes.length * 256);
  for (const node of [0, ...order]) {
    const row = (fallback[node] ?? 0) * 256;
    table.copyWithin(node * 256, row, row + 256);
    for (let byte = 0; byte < 256; byte++) {
      const child = trie.get(node * 256 + byte);
      if (child !== undefined) table[node * 256 + byte] = child;
    }
  }
  return { step: (node, byte) => table[node * 256 + byte] ?? 0, depth, ends };
}

// --- one stream -----------------------------------------------------------------------------------------------

const mask = Buffer.from(MASK);

function openStream(automaton: Automaton): MaskedStream {
  let node = 0;
  /** Bytes that may be part of a value that is not complete yet; `heldAt` is the place of the first in the stream. */
  let held: Uint8Array = new Uint8Array(0);
  let heldAt = 0;
  let at = 0;
  /** Places before this are covered by a mask that was written. */
  let maskedTo = 0;
  /** Values found and not told yet, apart from each other, in order. */
  const found: { start: number; end: number }[] = [];

  function cover(length: number, end: number): void {
    let start = end - length;
    for (let last = found.at(-1); last !== undefined && last.end > start; last = found.at(-1)) {
      start = Math.min(start, last.start);
      found.pop();
    }
    found.push({ start, end });
  }

  /** Tells everything before `boundary`; no value that is still to come begins before it. */
  function tell(bytes: Uint8Array, boundary: number): Uint8Array {
    const parts: Uint8Array[] = [];
    let told = heldAt;
    const plain = (until: number): void => {
      const from = Math.max(told, maskedTo);
      if (until > from) parts.push(bytes.subarray(from - heldAt, until - heldAt));
      told = Math.max(told, until);
    };
    while (found[0] !== undefined && found[0].start < boundary) {
      const { start, end } = found[0];
      found.shift();
      plain(start);
      // A value that overlaps what is masked already only makes the mask longer.
      if (start >= maskedTo) parts.push(mask);
      maskedTo = Math.max(maskedTo, end);
    }
    plain(boundary);
    held = Uint8Array.from(bytes.subarray(boundary - heldAt));
    heldAt = boundary;
    return Buffer.concat(parts);
  }

  return {
    add(chunk) {
      const bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      const { step, ends } = automaton;
      // By index: this loop sees every byte of every output.
      for (let i = 0; i < chunk.length; i++) {
        node = step(node, chunk[i] ?? 0);
        const length = ends[node] ?? 0;
        if (length !== 0) cover(length, at + i + 1);
      }
      at += chunk.length;
      return tell(bytes, at - (automaton.depth[node] ?? 0));
    },
    end() {
      const depth = automaton.depth[node] ?? 0;
      if (depth >= SECRET_BYTES_MIN) cover(depth, at);
      return tell(held, at);
    },
  };
}
