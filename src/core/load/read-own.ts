import type { CST, ParsedNode, Document as YamlDocument } from 'yaml';
import { readJson } from '../document/read-json.ts';
import { readPlainYaml } from '../document/read-plain-yaml.ts';
import type { Fault, SourceEntry, SourceNode, SourceScalar } from '../document/source.ts';
import { pointTo } from '../document/source.ts';
import { isAlias, isMap, isScalar, isSeq, wholeYaml } from '../document/whole-yaml.ts';
import { DEPTH_MAX, NODES_MAX, SCALAR_CHARS_MAX } from './limits.ts';

/** The values of a file, one per YAML document, and what is wrong with its text. */
export type OwnReading = {
  readonly roots: readonly SourceNode[];
  readonly faults: readonly Fault[];
};

/**
 * A file of one of our own kinds: strict JSON, or YAML 1.2 core without aliases, tags of its own, or repeated keys.
 * Any error leaves `roots` empty.
 * @throws never
 */
export function readOwn(text: string, format: 'json' | 'yaml'): OwnReading {
  if (format === 'json') {
    const { root, faults } = readJson(text);
    return { roots: root === null || faults.length > 0 ? [] : [root], faults };
  }
  // Every load reads one such: what a repository without `reconciled.yaml` says.
  if (text === '') return { roots: [], faults: [] };
  const root = text.length > PLAIN_CHARS_MAX ? null : readPlainYaml(text);
  return root === null ? readWholeOwnYaml(text) : { roots: [root], faults: [] };
}

/** So that no text of the short way has more tokens than the whole parser accepts. */
const PLAIN_CHARS_MAX = 64 * 1024;

/** By a whole YAML parser, whatever the text. */
export function readWholeOwnYaml(text: string): OwnReading {
  const reader: Reader = { faults: [], nodes: 0 };
  try {
    const documents = compose(text);
    const roots = documents.flatMap((document) => readDocument(reader, document, text));
    return { roots: reader.faults.length > 0 ? [] : roots, faults: reader.faults };
  } catch (error) {
    if (error instanceof Refusal) return { roots: [], faults: [...reader.faults, error.fault] };
    // The parser recurses over the text: a RangeError is nesting that no file needs.
    const reason = error instanceof RangeError ? 'nested too deep' : String(error);
    return { roots: [], faults: [...reader.faults, fault('yaml-syntax', 0, '', reason, '')] };
  }
}

type Reader = { readonly faults: Fault[]; nodes: number };

/** Carries a broken limit out of the recursion; never leaves this file. */
class Refusal extends Error {
  readonly fault: Fault;
  constructor(fault: Fault) {
    super(fault.message);
    this.fault = fault;
  }
}

/**
 * The stock check for repeated keys compares every pair of keys, 7 s for a hostile MiB; `readMap` does it with a set.
 * Tokens are counted before anything is built from them.
 */
function compose(text: string): readonly YamlDocument.Parsed[] {
  const { Composer } = wholeYaml();
  const composer = new Composer({
    version: '1.2',
    schema: 'core',
    uniqueKeys: false,
    logLevel: 'error',
  });
  const documents: YamlDocument.Parsed[] = [];
  for (const document of composer.compose(boundedTokens(text), false, text.length)) {
    documents.push(document as YamlDocument.Parsed);
    if (documents.length > NODES_MAX) refuse('too-many-nodes', 0, `more than ${NODES_MAX} values`);
  }
  return documents;
}

function* boundedTokens(text: string): Generator<CST.Token, void> {
  const { Lexer, Parser } = wholeYaml();
  const parser = new Parser();
  let count = 0;
  for (const lexeme of new Lexer().lex(text)) {
    count += 1;
    if (count > TOKENS_MAX) refuse('too-many-nodes', 0, `more than ${NODES_MAX} values`);
    yield* parser.next(lexeme);
  }
  yield* parser.end();
}

/** Blanks, line ends and punctuation are tokens too: a value and its key make five. */
const TOKENS_MAX = 3 * NODES_MAX;

function readDocument(
  reader: Reader,
  document: YamlDocument.Parsed,
  text: string,
): readonly SourceNode[] {
  for (const { code, message, pos } of [...document.errors, ...document.warnings]) {
    reader.faults.push(syntaxFault(code, message, pos[0], text));
  }
  const { yaml } = document.directives;
  if (yaml.explicit === true && yaml.version !== '1.2') {
    reader.faults.push(
      fault(
        'yaml-version',
        0,
        '',
        `files are read as YAML 1.2, not ${yaml.version}`,
        'Remove the %YAML line.',
      ),
    );
  }
  if (document.errors.length > 0) return [];
  const contents: ParsedNode | null = document.contents;
  // A separator before the first document, or after the last, is no document.
  if (contents === null || (isScalar(contents) && contents.value === null)) return [];
  return [readNode(reader, contents, '', 0)];
}

function readNode(reader: Reader, node: ParsedNode, pointer: string, depth: number): SourceNode {
  const at = node.range[0];
  reader.nodes += 1;
  if (reader.nodes > NODES_MAX) refuse('too-many-nodes', at, `more than ${NODES_MAX} values`);
  if (depth > DEPTH_MAX) refuse('too-deep', at, `nested deeper than ${DEPTH_MAX} levels`);
  if (isAlias(node)) {
    reader.faults.push(
      fault('yaml-alias', at, pointer, 'aliases are not allowed', 'Write the value out.'),
    );
    return { kind: 'scalar', at, value: null, written: null };
  }
  if (isSeq(node)) {
    const items = node.items.map((item, i) =>
      readNode(reader, item as ParsedNode, pointTo(pointer, i), depth + 1),
    );
    return { kind: 'list', at, items };
  }
  if (isMap(node)) return { kind: 'map', at, entries: readMap(reader, node, pointer, depth) };
  return readScalar(node, at);
}

function readMap(
  reader: Reader,
  map: { readonly items: readonly { readonly key: unknown; readonly value: unknown }[] },
  pointer: string,
  depth: number,
): readonly SourceEntry[] {
  const entries: SourceEntry[] = [];
  const keys = new Set<string>();
  for (const pair of map.items) {
    const keyNode = pair.key as ParsedNode;
    const keyAt = keyNode.range[0];
    if (!isScalar(keyNode) || typeof keyNode.value !== 'string') {
      const written = isScalar(keyNode) ? String(keyNode.source) : 'this key';
      reader.faults.push(
        fault('key-not-text', keyAt, pointer, `${written} is no text`, 'Write the key in quotes.'),
      );
      continue;
    }
    const key = keyNode.value;
    const inner = pointTo(pointer, key);
    if (keys.has(key)) {
      reader.faults.push(
        fault(
          'duplicate-key',
          keyAt,
          inner,
          `the key "${key}" is written twice`,
          'Keep one of the two.',
        ),
      );
    }
    keys.add(key);
    const value = pair.value as ParsedNode | null;
    entries.push({
      key,
      keyAt,
      value:
        value === null
          ? { kind: 'scalar', at: keyAt, value: null, written: null }
          : readNode(reader, value, inner, depth + 1),
    });
  }
  return entries;
}

function readScalar(node: ParsedNode, at: number): SourceScalar {
  if (!isScalar(node)) return refuse('yaml-syntax', at, 'this is no value');
  const { value } = node;
  const written = node.type === 'PLAIN' ? node.source : null;
  if (typeof value === 'string') {
    if (value.length > SCALAR_CHARS_MAX)
      refuse('too-large', at, `this text is longer than ${SCALAR_CHARS_MAX} characters`);
    return { kind: 'scalar', at, value, written };
  }
  if (value === null || typeof value === 'boolean') return { kind: 'scalar', at, value, written };
  // Infinities and NaN are no JSON; they stay the text that was written.
  const isNumber = typeof value === 'number' && Number.isFinite(value);
  return { kind: 'scalar', at, value: isNumber ? value : (written ?? ''), written };
}

function refuse(code: string, at: number, message: string): never {
  throw new Refusal(fault(code, at, '', message, ''));
}

function fault(code: string, at: number, pointer: string, message: string, hint: string): Fault {
  return { code, severity: 'error', at, pointer, message, hint };
}

function syntaxFault(code: string, message: string, at: number, text: string): Fault {
  switch (code) {
    case 'TAG_RESOLVE_FAILED':
      return fault(
        'yaml-tag',
        at,
        '',
        'tags are not allowed here',
        'Remove the tag that begins with "!".',
      );
    case 'RESOURCE_EXHAUSTION':
      return fault('too-deep', at, '', 'nested too deep', '');
    default:
      return fault('yaml-syntax', at, '', firstSentence(message), syntaxHint(text, at));
  }
}

/** Without the excerpt of the text that the parser appends. */
function firstSentence(message: string): string {
  return message.replace(/ at line \d+, column \d+[\s\S]*$/, '').trim();
}

function syntaxHint(text: string, at: number): string {
  const line = text.slice(text.lastIndexOf('\n', at - 1) + 1, at + 1);
  if (line.includes('\t')) return 'Indent with blanks: YAML allows no tabs there.';
  if (/:\s*[@`%]/.test(line)) return 'Put the value in quotes.';
  if (line.includes('{{')) return 'Put the value in quotes: "{{ … }}".';
  return '';
}
