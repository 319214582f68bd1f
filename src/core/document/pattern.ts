import { RE2JS } from 're2js';

/**
 * `allowedPattern`: RE2 as on the reference's node, so matching is linear in the text whatever the pattern. A search,
 * not anchored unless written so; `.` is no newline, `^` and `$` are the ends of the text.
 */
export type Pattern =
  | { readonly kind: 'pattern'; readonly finds: (text: string) => boolean }
  /** Valid where the service runs (Java), but nodes refuse it: look-around and back-references. */
  | { readonly kind: 'unsupported'; readonly reason: string }
  | { readonly kind: 'invalid'; readonly reason: string };

const compiled = new Map<string, Pattern>();
const COMPILED_MAX = 512;

/** @throws never. Compiled patterns are kept, the oldest of more than 512 is dropped. */
export function compilePattern(source: string): Pattern {
  const known = compiled.get(source);
  if (known !== undefined) return known;
  const pattern = compile(source);
  const oldest = compiled.keys().next();
  if (compiled.size >= COMPILED_MAX && oldest.done !== true) compiled.delete(oldest.value);
  compiled.set(source, pattern);
  return pattern;
}

/**
 * The whole text is characters of one class of ASCII, so and so many: `^[a-z0-9-]+$`. Nothing of it has another meaning in
 * JavaScript: no escapes, no negation, no flags, and one repetition has nothing to go back to.
 */
const ONE_CLASS =
  /^\^\[(?:[A-Za-z0-9]-[A-Za-z0-9]|[A-Za-z0-9_ ./:@,=+])+-?\](?:[+*]|\{\d{1,3}(?:,\d{0,3})?\})?\$$/;

/** Matching costs pattern times text, so both have a bound. */
const PATTERN_CHARS_MAX = 1024;

function compile(source: string): Pattern {
  if (source.length > PATTERN_CHARS_MAX)
    return { kind: 'invalid', reason: `longer than ${PATTERN_CHARS_MAX} characters` };
  try {
    const engine = RE2JS.compile(source);
    // What it is for most parameters is the same to the platform's own engine, which is fast, and linear there too.
    const own = ONE_CLASS.test(source) ? new RegExp(source) : null;
    return {
      kind: 'pattern',
      finds: own === null ? (text) => engine.matcher(text).find() : (text) => own.test(text),
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const ofJava = LOOKS_AROUND.test(source) || JAVA_ONLY.test(reason);
    return { kind: ofJava ? 'unsupported' : 'invalid', reason };
  }
}

/** Escapes such as `\h`, and repeats above 1,000: fine in Java, refused by RE2. */
const JAVA_ONLY = /invalid escape sequence|invalid repeat count/;
/** `(?=`, `(?!`, `(?<=`, `(?<!`, atomic groups, possessive quantifiers, `\1`, `\k<name>`. */
const LOOKS_AROUND = /\(\?(?:[=!>]|<[=!])|[*+?}]\+|\\[1-9k]/;
