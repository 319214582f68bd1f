/** How commands print: tables and colours for people on a terminal, JSON for programs. */
import { prettyCanonicalJson } from '../core/canonical/json.ts';
import type { Json } from '../core/model/json.ts';
import { visibleJson, visibleLine } from '../core/report/escape.ts';
import type { Painter } from '../core/report/text.ts';
import { plainPainter } from '../core/report/text.ts';
import type { Context, Output } from './command.ts';

export function printJson({ stdout }: Pick<Context, 'stdout'>, value: unknown): void {
  stdout.write(visibleJson(prettyCanonicalJson(value as Json)));
}

/** Colours on a terminal only, and never against NO_COLOR. */
export function painterFor(output: Output, env: Context['env']): Painter {
  if (!isColourful(output, env)) return plainPainter;
  const sgr = (on: number, off: number) => (text: string) => `\u001b[${on}m${text}\u001b[${off}m`;
  return {
    good: sgr(32, 39),
    bad: sgr(31, 39),
    warn: sgr(33, 39),
    dim: sgr(2, 22),
    bold: sgr(1, 22),
  };
}

export function isColourful(output: Output, env: Context['env']): boolean {
  return output.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
}

/** Columns two spaces apart. Off a terminal the columns are separated by tabs, for `cut` and `awk`. */
export function printTable(
  { stdout }: Pick<Context, 'stdout'>,
  header: readonly string[],
  rows: readonly (readonly string[])[],
): void {
  const shown = [header, ...rows].map((row) => row.map(visibleLine));
  const widths = header.map((_, at) => Math.max(...shown.map((row) => (row[at] ?? '').length)));
  const line = (row: readonly string[]): string =>
    stdout.isTTY === true
      ? row
          .map((cell, at) => cell.padEnd(widths[at] ?? 0))
          .join('  ')
          .trimEnd()
      : row.join('\t');
  stdout.write(shown.map((row) => `${line(row)}\n`).join(''));
}
