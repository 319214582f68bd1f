import { createRequire } from 'node:module';
import type * as Ignore from 'ignore';

/** Loaded where there is something to ignore. */
const load = createRequire(import.meta.url);

const PATTERNS_MAX = 1_000;
const PATTERN_CHARS_MAX = 256;
/** Each star is a loop in the expression that a pattern becomes; more would make matching slow. */
const STARS_MAX = 4;

/** What is wrong with a `.reconciledignore`: line, 1-based, and a sentence. */
export type IgnoreMistake = { readonly line: number; readonly message: string };

export function ignoreMistakes(text: string): readonly IgnoreMistake[] {
  const lines = text.split(/\r?\n/);
  if (lines.length > PATTERNS_MAX)
    return [{ line: PATTERNS_MAX + 1, message: `more than ${PATTERNS_MAX} lines` }];
  return lines.flatMap((pattern, i) => {
    if (pattern.length > PATTERN_CHARS_MAX)
      return [{ line: i + 1, message: `a pattern may have ${PATTERN_CHARS_MAX} characters` }];
    const stars = pattern.replaceAll('**', '').split('*').length - 1;
    if (stars > STARS_MAX || pattern.split('**').length - 1 > STARS_MAX)
      return [{ line: i + 1, message: `a pattern may have ${STARS_MAX} stars` }];
    return [];
  });
}

/** True for the paths that a `.reconciledignore` (gitignore syntax) takes out of the repository. */
export function ignoring(text: string): (path: string) => boolean {
  if (!/\S/.test(text)) return () => false;
  const { default: ignore }: typeof Ignore = load('ignore');
  const rules = ignore().add(text);
  return (path) => rules.ignores(path);
}
