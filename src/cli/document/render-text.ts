/** A rendered document for people: each step with what becomes of it, its inputs as YAML below. */
import { stringify } from 'yaml';
import type { PreparedStep } from '../../core/document/prepared.ts';
import { unreachable } from '../../core/model/errors.ts';
import { visibleLine, visibleLines } from '../../core/report/escape.ts';
import type { Painter } from '../../core/report/text.ts';
import { problemText } from '../problem-text.ts';
import type { Rendered } from './rendered.ts';

export function renderText({ steps, problems }: Rendered, paint: Painter): string {
  const blocks = steps.map((step, i) => stepText(step, i, paint));
  const listed = problems.length === 0 ? [] : [problemText(problems, paint)];
  return [...blocks, ...listed].join('\n');
}

function stepText(step: PreparedStep, index: number, paint: Painter): string {
  const head = `${index + 1}. ${paint.bold(visibleLine(step.name))} ${visibleLine(step.action)}: ${dispositionText(step, paint)}`;
  return [head, ...sharedLines(step), ...indented({ inputs: step.inputs })].join('\n') + '\n';
}

function dispositionText({ disposition, reason }: PreparedStep, paint: Painter): string {
  switch (disposition) {
    case 'Run':
      return paint.good('Run');
    case 'Skip':
      return `${paint.warn('Skip')}: ${visibleLine(reason)}`;
    case 'Fail':
      return `${paint.bad('Fail')}: ${visibleLine(reason)}`;
    default:
      return unreachable(disposition);
  }
}

function sharedLines({ finallyStep, environment }: PreparedStep): readonly string[] {
  return [
    ...(finallyStep ? ['   runs in spite of exit conditions'] : []),
    ...(Object.keys(environment).length === 0 ? [] : indented({ environment })),
  ];
}

function indented(value: object): readonly string[] {
  return visibleLines(stringify(value, { lineWidth: 0 }).trimEnd())
    .split('\n')
    .map((line) => `   ${line}`);
}
