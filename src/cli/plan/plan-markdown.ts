/** A plan as the comment of a pull request: counts first, then a table, everything hostile made harmless. */

import { formatInstant } from '../../core/model/brand.ts';
import type { Problem } from '../../core/model/problem.ts';
import { cell, code, prose } from '../../core/report/escape.ts';
import type { PlannedAssociation, PlanReport } from '../../core/report/plan-file.ts';
import { counted } from '../../core/report/words.ts';
import { sidesOf, totalsOf } from './plan-text.ts';

const ROWS_MAX = 100;
const NODES_SHOWN = 3;

export function planMarkdown(plan: PlanReport): string {
  const { verdict, associations, problems, warnings } = plan;
  const blocks = [
    `### Plan ${sidesOf(plan)}`,
    `${totalsOf(plan)}.`,
    ...(verdict.kind === 'accepted' ? [] : [`> **Would be held:** ${prose(verdict.reason)}`]),
    ...problemBlock('Errors', problems),
    ...(associations.length === 0 ? [] : [table(associations)]),
    ...problemBlock('Warnings', warnings),
  ];
  return `${blocks.join('\n\n')}\n`;
}

function table(associations: readonly PlannedAssociation[]): string {
  const rows = associations.slice(0, ROWS_MAX).map(rowOf);
  const hidden = associations.length - rows.length;
  return [
    '| association | change | why | runs at once on | next slot |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    ...(hidden > 0 ? [`\n… and ${hidden} more`] : []),
  ].join('\n');
}

function rowOf({ name, change, reasons, nodes, nextRun }: PlannedAssociation): string {
  const named = nodes.slice(0, NODES_SHOWN).map(cell).join(', ');
  const where =
    nodes.length === 0
      ? ''
      : `${counted(nodes.length, 'node')}: ${named}${nodes.length > NODES_SHOWN ? ', …' : ''}`;
  const next = nextRun === null ? '' : formatInstant(nextRun);
  return `| ${cell(name)} | ${change} | ${reasons.map(cell).join(', ')} | ${where} | ${next} |`;
}

function problemBlock(title: string, problems: readonly Problem[]): readonly string[] {
  if (problems.length === 0) return [];
  const lines = problems
    .slice(0, ROWS_MAX)
    .map(
      ({ file, line, column, message }) =>
        `- ${code(`${file}:${line}:${column}`)} ${prose(message)}`,
    );
  const hidden = problems.length - lines.length;
  return [
    [
      `**${title} (${problems.length})**`,
      '',
      ...lines,
      ...(hidden > 0 ? [`- … and ${hidden} more`] : []),
    ].join('\n'),
  ];
}
