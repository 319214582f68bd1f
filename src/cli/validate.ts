import { resolve } from 'node:path';
import { isRead } from '../core/load/kinds.ts';
import type { Validation } from '../core/load/validate.ts';
import { validationOf } from '../core/load/validate.ts';
import type { Painter } from '../core/report/text.ts';
import { counted } from '../core/report/words.ts';
import type { Command } from './command.ts';
import { FORMAT } from './command.ts';
import { EXIT } from './exit.ts';
import { loadFiles, openFiles } from './load-repository.ts';
import { painterFor, printJson } from './print.ts';
import { PROBLEM_FORMATS, printProblems, problemFormatOf, seenFrom } from './problem-formats.ts';
import { problemCounts, problemText } from './problem-text.ts';

export const command: Command = {
  arguments: [{ syntax: '[dir]', about: 'the repository, or the folder of it that is the source' }],
  flags: [
    { syntax: '--rev <revision>', about: 'a revision instead of the files as they lie on disk' },
    FORMAT('json', ...PROBLEM_FORMATS),
  ],
  examples: [
    'reconciled validate',
    'reconciled validate fleet --rev main --format json',
    'reconciled validate --format sarif > reconciled.sarif   # also junit, github, gitlab',
  ],
  async run(call, context) {
    const { signal } = context;
    const dir = call.args[0] ?? '.';
    const snapshot = await openFiles(dir, call.given('rev'));
    const { catalog } = await loadFiles(snapshot, {}, signal);
    const validation = validationOf(catalog);
    const format = problemFormatOf(call.text('format'));
    if (format !== null) {
      const report = {
        files: snapshot.files.map(({ path }) => path).filter(isRead),
        problems: validation.problems,
      };
      await printProblems(context, format, seenFrom(process.cwd(), resolve(dir), report));
    } else if (call.text('format') === 'json') printJson(context, validation);
    else context.stdout.write(validationText(validation, painterFor(context.stdout, context.env)));
    return validation.valid ? EXIT.done : EXIT.invalid;
  },
};

function validationText({ valid, counts, problems }: Validation, paint: Painter): string {
  const found = [
    counted(counts.associations, 'association'),
    counted(counts.documents, 'document'),
    counted(counts.nodes, 'node file'),
    counted(counts.activations, 'activation'),
    counted(counts.groups, 'group'),
    counted(counts.parameters, 'parameter'),
    counted(counts.calendars, 'calendar'),
  ].join(', ');
  const listed = problems.length === 0 ? '' : `${problemText(problems, paint)}\n`;
  const verdict = valid ? paint.good('valid') : paint.bad('invalid');
  const isEmpty = counts.files === 0 && problems.length === 0;
  const doubt = isEmpty ? `${paint.warn(NOTHING_HERE)}\n` : '';
  return `${listed}${verdict}: ${problemCounts(problems)}; ${found}\n${doubt}`;
}

/** A mistyped folder would pass every check. */
const NOTHING_HERE =
  'no file of ours lies here: name the folder that holds associations/ and documents/';
