/** A plan for people at a terminal. */
import type { Instant, NodeId } from '../../core/model/brand.ts';
import { formatInstant, instant } from '../../core/model/brand.ts';
import { compareText } from '../../core/model/problem.ts';
import { visibleLine } from '../../core/report/escape.ts';
import type { PlannedAssociation, PlanReport } from '../../core/report/plan-file.ts';
import type { Painter } from '../../core/report/text.ts';
import { counted, shortId } from '../../core/report/words.ts';
import { problemText } from '../problem-text.ts';
import type { NamedPlan } from './offline-plan.ts';

const NODES_SHOWN = 5;

export function planText({ plan, note, nameOf }: NamedPlan, paint: Painter): string {
  const { problems, warnings, associations } = plan;
  const blocks = [
    `${paint.bold(sidesOf(plan))}\n${totalsOf(plan)}`,
    ...(note === null ? [] : [paint.warn(note)]),
    ...(associations.length === 0
      ? []
      : [associations.map((each) => lineOf(each, nameOf, paint)).join('\n')]),
    ...(plan.verdict.kind === 'accepted'
      ? []
      : [
          paint.warn(
            `Would be held (${plan.verdict.code ?? ''}): ${visibleLine(plan.verdict.reason)}`,
          ),
        ]),
    ...(problems.length + warnings.length === 0
      ? []
      : [problemText([...problems, ...warnings], paint)]),
  ];
  if (isAboutNothing(plan)) {
    blocks.push(paint.warn('no association lies here: is this the folder you meant?'));
  }
  return `${blocks.join('\n\n').trimEnd()}\n`;
}

/** Of files on disk all may be missing because of where one stands; a revision without any is meant. */
function isAboutNothing({ summary, problems, head }: PlanReport): boolean {
  const { create, update, delete: removed, unchanged } = summary.associations;
  const isEmpty = create + update + unchanged === 0 && problems.length === 0;
  return isEmpty && (removed === 0 || head === null);
}

export const sidesOf = ({ base, head }: PlanReport): string =>
  `${base === null ? 'nothing applied yet' : shortId(base)} → ${head === null ? 'files on disk' : shortId(head)}`;

export function totalsOf({ summary }: PlanReport): string {
  const { create, update, delete: removed, unchanged } = summary.associations;
  return (
    `${create} to create, ${update} to update, ${removed} to delete, ${unchanged} unchanged; ` +
    `${counted(summary.runsNow, 'run')} at once on ${summary.nodes.affected} of ${counted(summary.nodes.total, 'node')}`
  );
}

/** As people call them, in order. */
export const namesOf = (nodes: readonly NodeId[], nameOf: NamedPlan['nameOf']): readonly string[] =>
  nodes.map(nameOf).sort(compareText);

const MARKS = { create: '+', update: '~', delete: '-', unchanged: ' ' } as const;

function lineOf(planned: PlannedAssociation, nameOf: NamedPlan['nameOf'], paint: Painter): string {
  const tone = { create: paint.good, update: paint.warn, delete: paint.bad, unchanged: paint.dim };
  const head = tone[planned.change](`${MARKS[planned.change]} ${planned.name}`);
  const details = [...planned.reasons, ...runsOf(planned, nameOf)].map(
    (each) => `\n    ${visibleLine(each)}`,
  );
  return head + details.join('');
}

/** "runs now on 3 nodes: a, b, c", "next at 2026-…". */
function runsOf(planned: PlannedAssociation, nameOf: NamedPlan['nameOf']): readonly string[] {
  const { nodes, change } = planned;
  const named = namesOf(nodes, nameOf).slice(0, NODES_SHOWN).join(', ');
  const more = nodes.length > NODES_SHOWN ? ', …' : '';
  const next = nextWords(planned);
  return [
    ...(nodes.length === 0
      ? [change === 'delete' ? 'nothing is undone on nodes' : 'runs nowhere at once']
      : [`${startWords(planned)}: ${named}${more}`]),
    ...(next === '' ? [] : [`next slot ${next}`]),
  ];
}

/** Rings and gates let some of them wait. */
function startWords({ nodes, runsNow }: PlannedAssociation): string {
  const all = counted(nodes.length, 'node');
  if (runsNow === nodes.length) return `runs now on ${all}`;
  return runsNow === 0 ? `will run on ${all}` : `runs now on ${runsNow} of ${all}`;
}

/** Where it moves, from where: "2027-02-01T00:00:00Z (was 2027-01-31T12:00:00Z)". */
export function nextWords({ nextRun, nextRunBefore, change }: PlannedAssociation): string {
  if (nextRun === nextRunBefore || nextRunBefore === null || change === 'delete')
    return nextRun === null ? '' : toTheSecond(nextRun);
  return `${nextRun === null ? 'never' : toTheSecond(nextRun)} (was ${toTheSecond(nextRunBefore)})`;
}

/** A rate counts from the instant of the merge, which nobody knows to the millisecond. */
const toTheSecond = (at: Instant): string => formatInstant(instant(Math.floor(at / 1_000) * 1_000));
