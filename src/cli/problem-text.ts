/** Problems for people: grouped by file, each with its place, its code, what is wrong and what to do. */
import type { Problem } from '../core/model/problem.ts';
import { visibleLine } from '../core/report/escape.ts';
import type { Painter } from '../core/report/text.ts';
import { counted } from '../core/report/words.ts';

export function problemText(problems: readonly Problem[], paint: Painter): string {
  const files = new Map<string, Problem[]>();
  for (const problem of problems) {
    const ofFile = files.get(problem.file);
    if (ofFile === undefined) files.set(problem.file, [problem]);
    else ofFile.push(problem);
  }
  const blocks = [...files].map(([file, ofFile]) =>
    [paint.bold(visibleLine(file)), ...ofFile.flatMap((each) => linesOf(each, paint))].join('\n'),
  );
  return blocks.map((block) => `${block}\n`).join('\n');
}

function linesOf(problem: Problem, paint: Painter): string[] {
  const { file, line, column, severity, code, message, hint } = problem;
  const tone = severity === 'error' ? paint.bad : paint.warn;
  const place = paint.dim(`${visibleLine(file)}:${line}:${column}`);
  return [
    `  ${place}: ${tone(severity)} ${code}: ${visibleLine(message)}`,
    ...(hint === '' ? [] : [`      ${paint.dim('hint:')} ${visibleLine(hint)}`]),
  ];
}

/** "2 errors, 1 warning". */
export function problemCounts(problems: readonly Problem[]): string {
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  return `${counted(errors, 'error')}, ${counted(problems.length - errors, 'warning')}`;
}
