/** A plan as the comment of a pull request: counts first, then a table, long lists folded, everything hostile made harmless. */
import type { Problem } from '../../core/model/problem.ts';
import { cell, code, prose } from '../../core/report/escape.ts';
import type { PlannedAssociation } from '../../core/report/plan-file.ts';
import { counted } from '../../core/report/words.ts';
import type { NamedPlan } from './offline-plan.ts';
import { namesOf, nextWords, sidesOf, totalsOf } from './plan-text.ts';

/** A comment of a forge ends at 64 KiB; with these it stays below, whatever the fleet. */
const ROWS_MAX = 100;
const NODES_SHOWN = 3;
const FOLDED_NODES_MAX = 500;

export function planMarkdown({ plan, note, nameOf }: NamedPlan): string {
  const { verdict, associations, problems, warnings } = plan;
  const blocks = [
    `### Plan ${sidesOf(plan)}`,
    `${totalsOf(plan)}.`,
    ...(note === null ? [] : [`> ${prose(note)}`]),
    ...(verdict.kind === 'accepted' ? [] : [`> **Would be held:** ${prose(verdict.reason)}`]),
    ...problemBlock('Errors', problems),
    ...(associations.length === 0 ? [] : [table(associations, nameOf)]),
    ...folds(associations, nameOf),
    ...problemBlock('Warnings', warnings),
  ];
  return `${blocks.join('\n\n')}\n`;
}

function table(associations: readonly PlannedAssociation[], nameOf: NamedPlan['nameOf']): string {
  const rows = associations.slice(0, ROWS_MAX).map((each) => rowOf(each, nameOf));
  const hidden = associations.length - rows.length;
  return [
    '| association | change | why | runs at once on | next slot |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    ...(hidden > 0 ? [`\n… and ${hidden} more`] : []),
  ].join('\n');
}

function rowOf(planned: PlannedAssociation, nameOf: NamedPlan['nameOf']): string {
  const { name, change, reasons, nodes, runsNow } = planned;
  const named = namesOf(nodes, nameOf).slice(0, NODES_SHOWN).map(cell).join(', ');
  const count = runsNow === nodes.length ? '' : `${runsNow} of `;
  const where =
    nodes.length === 0
      ? ''
      : `${count}${counted(nodes.length, 'node')}: ${named}${nodes.length > NODES_SHOWN ? ', …' : ''}`;
  const next = nextWords(planned);
  return `| ${cell(name)} | ${change} | ${reasons.map(cell).join(', ')} | ${where} | ${next} |`;
}

/** Every node of the associations whose row could name a few only, one fold each, while the comment has room. */
function folds(
  associations: readonly PlannedAssociation[],
  nameOf: NamedPlan['nameOf'],
): readonly string[] {
  let room = FOLDED_NODES_MAX;
  const blocks: string[] = [];
  for (const { name, nodes } of associations.slice(0, ROWS_MAX)) {
    if (nodes.length <= NODES_SHOWN || room <= 0) continue;
    const shown = namesOf(nodes, nameOf).slice(0, room);
    room -= shown.length;
    const hidden = nodes.length - shown.length;
    blocks.push(
      [
        // Names of associations are letters, digits and ._- only: nothing to escape inside of HTML.
        `<details><summary>${name}: ${counted(nodes.length, 'node')}</summary>`,
        '',
        shown.map(code).join(', ') + (hidden > 0 ? `, and ${hidden} more` : ''),
        '',
        '</details>',
      ].join('\n'),
    );
  }
  return blocks;
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
