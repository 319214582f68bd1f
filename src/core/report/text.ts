/** `reconciled status` for people: the verdict, what needs a hand, and a table of associations, worst first. */
import { visibleLine } from './escape.ts';
import { verdictSentence, worstFirst } from './fleet-page.ts';
import type { AssociationSummary, NodeSummary, StatusSummary } from './summary.ts';
import { counted, shortId } from './words.ts';

/** Colours are the terminal's business: each gets text and gives it back, painted or not. */
export type Painter = {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly warn: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly bold: (text: string) => string;
};

const same = (text: string): string => text;
export const plainPainter: Painter = { good: same, bad: same, warn: same, dim: same, bold: same };

const ROWS_MAX = 50;
const NAME_WIDTH_MAX = 40;

export function statusText(summary: StatusSummary, paint: Painter = plainPainter): string {
  const blocks = [
    headline(summary, paint),
    ...heldLines(summary, paint),
    ...invalidLines(summary, paint),
    ...associationLines(summary, paint),
    ...nodeLines('Failing nodes', summary.failing, summary.nodes.failing, failingRow(paint)),
    ...nodeLines('Silent nodes', summary.silent, summary.silentTotal, silentRow(paint)),
  ];
  return `${blocks.join('\n\n')}\n`;
}

function headline(summary: StatusSummary, paint: Painter): string {
  const { verdict, nodes, instance, revision, silentTotal, associations } = summary;
  const tone = {
    compliant: paint.good,
    pending: paint.warn,
    silent: paint.warn,
    failing: paint.bad,
  };
  const context = [
    ...(instance === '' ? [] : [visibleLine(instance)]),
    revision === null ? 'no revision accepted yet' : `revision ${shortId(revision)}`,
    counted(associations.length, 'association'),
    counted(nodes.total, 'node'),
  ].join(', ');
  const counts = `${nodes.compliant} compliant, ${nodes.failing} failing, ${silentTotal} silent, ${nodes.pending} pending`;
  return `${paint.bold(tone[verdict](verdictSentence(summary)))}\n${paint.dim(context)}\n${counts}`;
}

function heldLines({ contested, held, unread, paused }: StatusSummary, paint: Painter): string[] {
  const lines: string[] = [];
  if (contested) lines.push(paint.warn('Two daemons write the status branch: stop one of them'));
  if (held !== null) {
    lines.push(paint.warn(`Held (${visibleLine(held.code)}): ${visibleLine(held.reason)}`));
  }
  if (unread !== null) {
    const { since, code } = unread;
    lines.push(
      paint.warn(`The source has not been read since ${visibleLine(since)} (${visibleLine(code)})`),
    );
  }
  if (paused !== null) {
    lines.push(paint.warn(`Paused by ${visibleLine(paused.by)} since ${visibleLine(paused.at)}`));
  }
  return lines;
}

function invalidLines(
  { invalidFiles, invalidFilesTotal }: StatusSummary,
  paint: Painter,
): string[] {
  if (invalidFilesTotal === 0) return [];
  const lines = invalidFiles.slice(0, ROWS_MAX).map(({ file, problems }) => {
    const first = problems[0];
    const place = first === undefined ? '' : `:${first.line}:${first.column} ${first.message}`;
    return `  ${visibleLine(`${file}${place}`)}`;
  });
  return [[paint.warn(counted(invalidFilesTotal, 'invalid file')), ...lines].join('\n')];
}

function associationLines({ associations }: StatusSummary, paint: Painter): string[] {
  if (associations.length === 0) return [];
  const sorted = [...associations].sort(worstFirst);
  const header = ['ASSOCIATION', 'STATUS', 'NODES', 'OK', 'FAILED', 'PENDING', 'SKIPPED', 'SILENT'];
  const rows = sorted.slice(0, ROWS_MAX).map(associationRow);
  const tones = sorted.map(({ status }) =>
    status === 'Success' ? paint.good : status === 'Failed' ? paint.bad : paint.warn,
  );
  const [head = '', ...lines] = table([header, ...rows]);
  const painted = lines.map((line, at) => tones[at]?.(line) ?? line);
  return [[paint.dim(head), ...painted, ...more(associations.length)].join('\n')];
}

function associationRow(association: AssociationSummary): readonly string[] {
  const { name, status, validity, targets, counts, silent, hold } = association;
  const remarks = [
    ...(validity === 'Invalid' ? ['file invalid'] : []),
    ...(hold === null ? [] : [hold]),
  ];
  return [
    name,
    remarks.length === 0 ? status : `${status} (${remarks.join(', ')})`,
    ...[targets, counts.Success, counts.Failed, counts.Pending, counts.Skipped, silent].map(
      (count) => String(count ?? 0),
    ),
  ];
}

function nodeLines(
  title: string,
  nodes: readonly NodeSummary[],
  total: number,
  row: (node: NodeSummary) => readonly string[],
): string[] {
  if (total === 0) return [];
  const lines = table(nodes.slice(0, ROWS_MAX).map(row)).map((line) => `  ${line}`);
  return [[`${title} (${total})`, ...lines, ...more(total)].join('\n')];
}

const failingRow =
  (paint: Painter) =>
  ({ node, name, failing, failingTotal, nonCompliantTypes }: NodeSummary): readonly string[] => {
    const hidden = failingTotal - failing.length;
    return [
      node,
      name === node ? '' : name,
      paint.bad([...failing, ...nonCompliantTypes].join(', ')) +
        (hidden > 0 ? ` and ${hidden} more` : ''),
    ];
  };

const silentRow =
  (paint: Painter) =>
  ({ node, name, silentSince }: NodeSummary): readonly string[] => [
    node,
    name === node ? '' : name,
    paint.warn(silentSince === null ? 'never made contact' : `since ${visibleLine(silentSince)}`),
  ];

const more = (total: number): string[] =>
  total > ROWS_MAX ? [`  … and ${total - ROWS_MAX} more`] : [];

/** Columns two spaces apart; the last one is as long as it is, so it may be painted. Digits go to the right. */
function table(rows: readonly (readonly string[])[]): string[] {
  const shown = rows.map((row) =>
    row.map((cell, at) => (at === row.length - 1 ? cell : clip(visibleLine(cell)))),
  );
  const widths = (shown[0] ?? []).map((_, at) =>
    Math.max(...shown.map((row) => widthOf(row[at] ?? ''))),
  );
  return shown.map((row) =>
    row
      .map((cell, at) => pad(cell, widths[at] ?? 0, at < row.length - 1))
      .join('  ')
      .trimEnd(),
  );
}

function pad(cell: string, width: number, follows: boolean): string {
  const space = (): string => ' '.repeat(Math.max(0, width - widthOf(cell)));
  if (/^\d+$/.test(cell)) return space() + cell;
  return follows ? cell + space() : cell;
}

function clip(cell: string): string {
  if (widthOf(cell) <= NAME_WIDTH_MAX) return cell;
  let kept = '';
  for (const { segment } of graphemes.segment(cell)) {
    if (widthOf(kept + segment) >= NAME_WIDTH_MAX) break;
    kept += segment;
  }
  return `${kept}…`;
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
const WIDE =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** Cells of a terminal. */
function widthOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += WIDE.test(segment) ? 2 : 1;
  return width;
}
