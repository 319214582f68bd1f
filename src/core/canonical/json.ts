import { invariant } from '../model/errors.ts';

/** Deeper than any file we write; a cycle ends here too. */
export const CANONICAL_DEPTH_MAX = 512;

/**
 * The one JSON text of a value: keys in code-point order, no spaces, `-0` as `0`. Two values have the same text
 * exactly when they are equal, so digests are taken over it.
 * @throws Error (a bug of the caller) for what JSON cannot say: undefined, NaN, infinities, functions, symbols,
 *   bigints, holes, cycles, and objects that are no plain records (Date, Map, class instances).
 */
export function canonicalJson(value: unknown): string {
  return write(value, '', '', 0);
}

/** As `canonicalJson`, two spaces a level and one trailing newline: the form of files that people read and diff. */
export function prettyCanonicalJson(value: unknown): string {
  return `${write(value, '\n', '  ', 0)}\n`;
}

/** `lineBreak` is '' or a newline with the indent of the enclosing level; `step` is what one level adds. */
function write(value: unknown, lineBreak: string, step: string, depth: number): string {
  switch (typeof value) {
    case 'string':
      return quote(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'number':
      invariant(Number.isFinite(value), `canonical JSON cannot hold ${value}`);
      return String(value);
    case 'object':
      if (value === null) return 'null';
      invariant(depth < CANONICAL_DEPTH_MAX, 'canonical JSON is nested too deep, or has a cycle');
      return Array.isArray(value)
        ? writeArray(value, lineBreak, step, depth)
        : writeRecord(value, lineBreak, step, depth);
    default:
      invariant(false, `canonical JSON cannot hold ${typeof value}`);
  }
}

function writeArray(
  values: readonly unknown[],
  lineBreak: string,
  step: string,
  depth: number,
): string {
  if (values.length === 0) return '[]';
  // Lists of lines are most of what is digested, and the platform writes them the same way.
  // `findIndex` sees holes too.
  if (step === '' && values.findIndex((value) => typeof value !== 'string') === -1)
    return JSON.stringify(values);
  const inner = lineBreak + step;
  let text = '';
  // Indexed, so that a hole is seen as undefined and refused.
  for (let i = 0; i < values.length; i++) {
    text += (i === 0 ? '[' : ',') + inner + write(values[i], inner, step, depth + 1);
  }
  return `${text}${lineBreak}]`;
}

function writeRecord(value: object, lineBreak: string, step: string, depth: number): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  invariant(
    prototype === Object.prototype || prototype === null,
    'canonical JSON holds plain records only',
  );
  const record = value as { readonly [key: string]: unknown };
  const keys = inOrder(Object.keys(record));
  if (keys.length === 0) return '{}';
  const inner = lineBreak + step;
  const space = step === '' ? '' : ' ';
  let text = '';
  for (const { name, written } of keys) {
    text += (text === '' ? '{' : ',') + inner + written + space;
    text += write(record[name], inner, step, depth + 1);
  }
  return `${text}${lineBreak}}`;
}

/** Most texts are ids, instants and words, in which nothing has to be escaped. */
const quote = (text: string): string =>
  /^[ !#-[\]-~]*$/.test(text) ? `"${text}"` : JSON.stringify(text);

/** `written`: in quotes, with its colon. */
export type Key = { readonly name: string; readonly written: string };

/**
 * A few hundred shapes make up nearly all that is written. Records of one shape list their keys alike, so this tree, which goes
 * down by one listed key after another, finds the order of a whole shape.
 */
type Shape = { readonly next: Map<string, Shape>; ordered: readonly Key[] | null };

const noKeys: Shape = { next: new Map(), ordered: [] };
const SHAPES_MAX = 4_096;
let shapes = 0;

/** More are data for sure. */
const SHAPE_KEYS_MAX = 64;

/** The keys of a record as canonical JSON lists them. */
export function inOrder(keys: string[]): readonly Key[] {
  if (keys.length > SHAPE_KEYS_MAX) return sorted(keys);
  let shape = noKeys;
  for (const key of keys) shape = shape.next.get(key) ?? learn(shape, key);
  shape.ordered ??= sorted(keys);
  return shape.ordered;
}

const sorted = (keys: string[]): readonly Key[] =>
  sortByCodePoint(keys).map((name) => ({ name, written: `${quote(name)}:` }));

function learn(before: Shape, key: string): Shape {
  // Keys may be data, of which there is no end: then what is known is learned again.
  if (++shapes > SHAPES_MAX) {
    noKeys.next.clear();
    shapes = 1;
  }
  const shape: Shape = { next: new Map(), ordered: null };
  before.next.set(key, shape);
  return shape;
}

/** The default order of JavaScript is by UTF-16 unit, which differs only from U+D800 upwards. */
const sortByCodePoint = (keys: string[]): string[] =>
  keys.some((key) => /[\ud800-\uffff]/.test(key)) ? keys.sort(compareCodePoints) : keys.sort();

function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = codePointRank(a.charCodeAt(i)) - codePointRank(b.charCodeAt(i));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Moves surrogates, which stand for U+10000 and above, behind U+FFFF. */
function codePointRank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
}
