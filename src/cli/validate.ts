import type { Validation } from '../core/load/validate.ts';
import { validationOf } from '../core/load/validate.ts';
import type { Painter } from '../core/report/text.ts';
import { counted } from '../core/report/words.ts';
import type { Command } from './command.ts';
import { FORMAT } from './command.ts';
import { EXIT } from './exit.ts';
import { loadFiles, openFiles } from './load-repository.ts';
import { painterFor, printJson } from './print.ts';
import { problemCounts, problemText } from './problem-text.ts';

export const command: Command = {
  arguments: [{ syntax: '[dir]', about: 'the repository, or the folder of it that is the source' }],
  flags: [
    { syntax: '--rev <revision>', about: 'a revision instead of the files as they lie on disk' },
    FORMAT('json'),
  ],
  examples: ['reconciled validate', 'reconciled validate fleet --rev main --format json'],
  async run(call, context) {
    const { signal } = context;
    const snapshot = await openFiles(call.args[0] ?? '.', call.given('rev'));
    const { catalog } = await loadFiles(snapshot, {}, signal);
    const validation = validationOf(catalog);
    if (call.text('format') === 'json') printJson(context, validation);
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
  return `${listed}${verdict}: ${problemCounts(problems)}; ${found}\n`;
}
