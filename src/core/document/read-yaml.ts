import type { Pair, Scalar, Tags, YAMLMap, Node as YamlNode } from 'yaml';
import { readPlainYaml } from './read-plain-yaml.ts';
import type { Fault, Reading, SourceEntry, SourceNode, SourceScalar } from './source.ts';
import {
  DOCUMENT_ALIASES_MAX,
  DOCUMENT_DEPTH_MAX,
  DOCUMENT_EXPANDED_CHARS_MAX,
  DOCUMENT_NODES_MAX,
  pointTo,
} from './source.ts';
import { isAlias, isMap, isScalar, isSeq, wholeYaml } from './whole-yaml.ts';
import { leftOut, mistake, mistakesOf } from './yaml-mistakes.ts';

/**
 * YAML as the reference reads it: scalars of YAML 1.1 (`yes` is true, `012` is 10), but times and dates stay text, and
 * keys that are no text have no effect, but where keys are names. Repeated keys are refused, aliases expand within bounds.
 * @param names pointers of the maps whose keys are names: there `y` and `5` are the texts that they are written as
 * @throws never
 */
export function readYaml(text: string, names = NAMES_OF_DOCUMENT): Reading {
  const root = readPlainYaml(text);
  return root === null ? readWholeYaml(text, names) : { root, faults: [] };
}

const NAMES_OF_DOCUMENT = /^\/(?:parameters|runtimeConfig|mainSteps\/\d+\/precondition)$/;
/** The text is a map of parameters. */
export const NAMES_AT_TOP = /^$/;

/** By a whole YAML parser, whatever the text. */
export function readWholeYaml(text: string, names = NAMES_OF_DOCUMENT): Reading {
  const control = CONTROL.exec(text);
  if (control !== null) return { root: null, faults: [controlCharacter(control.index)] };
  const faults: Fault[] = [];
  try {
    const document = wholeYaml().parseDocument(text, {
      version: '1.1',
      uniqueKeys: true,
      prettyErrors: false,
      logLevel: 'error',
      customTags: onlyJsonTags,
    });
    faults.push(
      ...mistakesOf(document.errors, text).map((fault) => atOpening(fault, document, text)),
    );
    for (const { pos, message } of document.warnings)
      if (message.startsWith('Unresolved tag'))
        faults.push(leftOut(/\S*/.exec(text.slice(pos[0]))?.[0] ?? '', pos[0]));
    if (faults.some(({ severity }) => severity === 'error')) return { root: null, faults };
    const reader: Reader = {
      text,
      names,
      faults,
      anchors: new Map(),
      aliases: 0,
      nodes: 0,
      chars: 0,
      deepest: 0,
    };
    return { root: convert(reader, document.contents, '', 0), faults };
  } catch (error) {
    if (error instanceof Refusal) return { root: null, faults: [...faults, error.fault] };
    // The parser recurses over the text; what it cannot hold is no document of anybody.
    return { root: null, faults: [...faults, unreadable(error)] };
  }
}

type Reader = {
  readonly text: string;
  readonly names: RegExp;
  readonly faults: Fault[];
  readonly anchors: Map<string, Anchored>;
  aliases: number;
  /** Both count what aliases expand to, every time. */
  nodes: number;
  chars: number;
  /** The deepest level reached, aliases expanded, since whoever reads it set it. */
  deepest: number;
};

type Anchored = {
  readonly node: SourceNode;
  readonly nodes: number;
  readonly chars: number;
  /** Levels below it. */
  readonly height: number;
};

/** Carries a broken limit out of the recursion; never leaves this file. */
class Refusal extends Error {
  readonly fault: Fault;
  constructor(fault: Fault) {
    super(fault.message);
    this.fault = fault;
  }
}

/** YAML 1.1 has base-60 numbers, timestamps and collections that the reference reads as plain text or not at all. */
function onlyJsonTags(tags: Tags): Tags {
  return tags.filter(
    (tag) => typeof tag === 'string' || (tag.format !== 'TIME' && !NOT_JSON.test(tag.tag)),
  );
}
const NOT_JSON = /:(binary|omap|pairs|set|timestamp)$/;

function convert(reader: Reader, node: unknown, pointer: string, depth: number): SourceNode {
  const before = { nodes: reader.nodes, chars: reader.chars, deepest: reader.deepest };
  reader.deepest = depth;
  const converted = convertNode(reader, node, pointer, depth);
  const anchor = isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined;
  if (anchor !== undefined) {
    if (!ANCHOR.test(anchor)) throw new Refusal(strangeAnchor(reader, node, anchor));
    // Known only when complete, so an alias inside its own anchor finds nothing.
    reader.anchors.set(anchor, {
      node: converted,
      nodes: reader.nodes - before.nodes,
      chars: reader.chars - before.chars,
      height: reader.deepest - depth,
    });
  }
  reader.deepest = Math.max(before.deepest, reader.deepest);
  return converted;
}

/** The reference takes no others; `&& x` is meant to be a text. */
const ANCHOR = /^[\w-]+$/;

function strangeAnchor({ text }: Reader, node: unknown, anchor: string): Fault {
  const at = Math.max(0, text.lastIndexOf(`&${anchor}`, Math.max(0, startOf(node))));
  return mistake(at, `&${anchor} is no name of an anchor`, 'Put the whole value in quotes.');
}

function convertNode(reader: Reader, node: unknown, pointer: string, depth: number): SourceNode {
  const at = startOf(node);
  count(reader, 1, 0, at);
  descend(reader, depth, at);
  if (isMap(node))
    return isUnquotedToken(node)
      ? convertToken(reader, node, pointer)
      : convertMap(reader, node, pointer, depth);
  if (isSeq(node)) {
    const items = node.items.map((item, i) =>
      convert(reader, item, pointTo(pointer, i), depth + 1),
    );
    return { kind: 'list', at, items };
  }
  if (isAlias(node)) return expand(reader, node.source, at, depth);
  return convertScalar(reader, node, at);
}

function convertMap(reader: Reader, map: YAMLMap, pointer: string, depth: number): SourceNode {
  const entries: SourceEntry[] = [];
  const merged: SourceEntry[] = [];
  for (const pair of map.items) {
    if (isMergeKey(pair)) {
      merged.push(...mergedEntries(reader, convert(reader, pair.value, pointer, depth + 1)));
      continue;
    }
    const key = keyOf(reader, pair, pointer);
    // What is dropped may hold an anchor.
    const value = convert(reader, pair.value, pointTo(pointer, key ?? ''), depth + 1);
    if (key === null) continue;
    const keyAt = startOf(pair.key);
    entries.push({ key, keyAt, value: value.at === NOWHERE ? { ...value, at: keyAt } : value });
    count(reader, 0, key.length, keyAt);
  }
  const own = new Set(entries.map(({ key }) => key));
  for (const entry of merged) {
    if (own.has(entry.key)) continue;
    own.add(entry.key);
    entries.push(entry);
  }
  return { kind: 'map', at: startOf(map), entries };
}

/** `{{ p }}` without quotes: a map whose only key is a map. */
function isUnquotedToken(map: YAMLMap): boolean {
  return map.items.length === 1 && isMap(map.items[0]?.key);
}

/** Read on as the text that was meant, so that it is the one problem here. */
function convertToken(reader: Reader, map: YAMLMap, pointer: string): SourceScalar {
  const at = startOf(map);
  const written = reader.text.slice(at, map.range?.[1] ?? at);
  reader.faults.push({
    code: 'unquoted-token',
    severity: 'error',
    at,
    pointer,
    message: 'a token in braces without quotes is a YAML map, not a text',
    hint: `Put the whole value in quotes: "${written}".`,
  });
  return { kind: 'scalar', at, value: written, written: null };
}

/** Null when the key is no text: the reference drops it, and so do we, with a word about it. */
function keyOf(reader: Reader, { key }: Pair, pointer: string): string | null {
  const isNumber = isScalar(key) && key.type === 'PLAIN' && numberOfGo(key.source ?? '') !== null;
  if (isScalar(key) && typeof key.value === 'string' && !isNumber) return key.value;
  const at = startOf(key);
  if (isMap(key) || isSeq(key)) refuse('yaml-syntax', at, 'a list or a map is no key');
  const written = isScalar(key) && key.source !== undefined ? key.source : String(key);
  if (reader.names.test(pointer)) return written;
  reader.faults.push(
    warning(
      'key-not-text',
      at,
      pointer,
      `the key ${written} is no text and has no effect`,
      `Write "${written}" in quotes.`,
    ),
  );
  return null;
}

function isMergeKey({ key }: Pair): boolean {
  if (!isScalar(key)) return false;
  const { value } = key;
  return (
    (typeof value === 'symbol' && value.description === '<<') ||
    (value === '<<' && key.type === 'PLAIN')
  );
}

/** `<<` takes a map, or a list of maps of which the first wins. */
function mergedEntries(reader: Reader, from: SourceNode): readonly SourceEntry[] {
  if (from.kind === 'map') return from.entries;
  if (from.kind === 'list') return from.items.flatMap((item) => mergedEntries(reader, item));
  return refuse('yaml-syntax', from.at, '<< takes a map, or a list of maps');
}

function convertScalar(reader: Reader, node: unknown, at: number): SourceScalar {
  if (!isScalar(node)) return { kind: 'scalar', at, value: null, written: '' };
  const written = node.type === 'PLAIN' ? (node.source ?? '') : null;
  // The parser is silent about this one: it says "a text" and nothing else.
  if (node.tag === '!') reader.faults.push(leftOut('!', reader.text.lastIndexOf('!', at)));
  const { value } = node;
  if (typeof value === 'string') {
    count(reader, 0, value.length, at);
    const text = endsWithFile(reader, node) ? value.replace(/\n$/, '') : value;
    return { kind: 'scalar', at, value: numberOfGo(written) ?? text, written };
  }
  if (value === null || typeof value === 'boolean') return { kind: 'scalar', at, value, written };
  // Infinities and NaN are not JSON, so they stay what was written.
  const isNumber = typeof value === 'number' && Number.isFinite(value);
  return { kind: 'scalar', at, value: isNumber ? value : (written ?? ''), written };
}

/** Prefixes of YAML 1.2 and capital ones are numbers to the reference too. */
function numberOfGo(written: string | null): number | null {
  const [, sign, digits] =
    /^([-+]?)(0(?:[oO][0-7]+|X[\da-fA-F]+|B[01]+))$/.exec(written?.replaceAll('_', '') ?? '') ?? [];
  if (digits === undefined) return null;
  return sign === '-' ? -Number(digits) : Number(digits);
}

/** A block at the end of a file without a last newline has none either; the parser adds it. */
function endsWithFile({ text }: Reader, node: Scalar): boolean {
  const isBlock = node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED';
  return isBlock && !text.endsWith('\n') && (node.range?.[1] ?? 0) >= text.length;
}

function expand(reader: Reader, name: string, at: number, depth: number): SourceNode {
  reader.aliases += 1;
  if (reader.aliases > DOCUMENT_ALIASES_MAX)
    refuse('too-many-aliases', at, `more than ${DOCUMENT_ALIASES_MAX} aliases`);
  const target = reader.anchors.get(name);
  if (target === undefined)
    return refuse(
      'unknown-anchor',
      at,
      `there is no anchor "${name}" before this alias`,
      'Put the whole value in quotes if it is a text.',
    );
  count(reader, target.nodes, target.chars, at);
  descend(reader, depth + target.height, at);
  return target.node;
}

function descend(reader: Reader, depth: number, at: number): void {
  reader.deepest = Math.max(reader.deepest, depth);
  if (depth > DOCUMENT_DEPTH_MAX)
    refuse('too-deep', at, `nested deeper than ${DOCUMENT_DEPTH_MAX} levels`);
}

function count(reader: Reader, nodes: number, chars: number, at: number): void {
  reader.nodes += nodes;
  reader.chars += chars;
  if (reader.nodes > DOCUMENT_NODES_MAX)
    refuse('too-many-nodes', at, `more than ${DOCUMENT_NODES_MAX} values`);
  if (reader.chars > DOCUMENT_EXPANDED_CHARS_MAX)
    refuse(
      'too-large',
      at,
      `aliases expand to more than ${DOCUMENT_EXPANDED_CHARS_MAX} characters`,
    );
}

/** A value that stands nowhere, e.g. nothing after `key:`; its key's place is used. */
const NOWHERE = -1;

function startOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? NOWHERE) : NOWHERE;
}

function isNode(node: unknown): node is YamlNode {
  return isScalar(node) || isMap(node) || isSeq(node) || isAlias(node);
}

function refuse(code: string, at: number, message: string, hint = ''): never {
  throw new Refusal({ code, severity: 'error', at, pointer: '', message, hint });
}

function warning(code: string, at: number, pointer: string, message: string, hint = ''): Fault {
  return { code, severity: 'warning', at, pointer, message, hint };
}

/** What YAML 1.1 allows nowhere, not even in quotes. */
const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]/;

function controlCharacter(at: number): Fault {
  return {
    code: 'yaml-syntax',
    severity: 'error',
    at,
    pointer: '',
    message: 'there is a control character here, which YAML does not allow',
    hint: 'Write it as an escape, in double quotes.',
  };
}

function unreadable(error: unknown): Fault {
  const reason = error instanceof Error ? error.message : String(error);
  return mistake(0, `cannot be read as YAML: ${reason}`);
}

/** A missing quote is noticed at the end of the file and belongs where the text begins. */
function atOpening(
  fault: Fault,
  { contents }: { readonly contents: unknown },
  text: string,
): Fault {
  if (!fault.message.endsWith('no closing quote')) return fault;
  const begins = lastScalar(contents);
  return begins === null || !/["']/.test(text.charAt(begins)) ? fault : { ...fault, at: begins };
}

/** Where the last value that was read begins. */
function lastScalar(root: unknown): number | null {
  let node = root;
  while (isMap(node) || isSeq(node)) {
    const last: unknown = node.items.at(-1);
    node = isMap(node)
      ? ((last as Pair | undefined)?.value ?? (last as Pair | undefined)?.key)
      : last;
  }
  return isScalar(node) ? startOf(node) : null;
}
