import type { DocumentLintReport, LintedDocument } from '../../core/model/schemas.gen.ts';
import type { Painter } from '../../core/report/text.ts';
import { counted } from '../../core/report/words.ts';
import type { Command } from '../command.ts';
import { FORMAT } from '../command.ts';
import { EXIT } from '../exit.ts';
import { painterFor, printJson } from '../print.ts';
import { PROBLEM_FORMATS, printProblems, problemFormatOf } from '../problem-formats.ts';
import { problemCounts, problemText } from '../problem-text.ts';
import { PARAMETERS, readGiven, typeGiven } from './given-parameters.ts';
import { isValid, judgeSource } from './judge-source.ts';
import { PLATFORM, platformOf } from './platform.ts';
import { expandFolders, readSource } from './read-text.ts';

export const command: Command = {
  arguments: [
    { syntax: '<file...>', about: 'documents, folders of them, or - for standard input' },
  ],
  flags: [PARAMETERS, PLATFORM, FORMAT('json', ...PROBLEM_FORMATS)],
  examples: [
    'reconciled document lint documents/KeepMotd.yaml',
    'reconciled document lint documents --format json',
    'reconciled document lint documents --format github      # also sarif, junit, gitlab',
    'reconciled document lint Install.json --parameters version=1.2.3 --platform Windows',
  ],
  async run(call, context) {
    const platformType = platformOf(call);
    const flags = call.list('parameters');
    const given = flags.length === 0 ? null : await readGiven(flags, context);
    const files: LintedDocument[] = [];
    for (const file of await expandFolders(call.args)) {
      const judged = judgeSource(await readSource(file, context), platformType);
      const ofParameters =
        judged.document === null || given === null
          ? []
          : typeGiven(judged.document, given, { file }).problems;
      const problems = [...judged.problems, ...ofParameters];
      files.push({ file, valid: isValid(problems), problems });
    }
    const format = problemFormatOf(call.text('format'));
    if (format !== null) {
      const problems = files.flatMap((judged) => judged.problems);
      await printProblems(context, format, { files: files.map(({ file }) => file), problems });
    } else if (call.text('format') === 'json')
      printJson(context, { files } satisfies DocumentLintReport);
    else context.stdout.write(lintText(files, painterFor(context.stdout, context.env)));
    return files.every(({ valid }) => valid) ? EXIT.done : EXIT.invalid;
  },
};

function lintText(files: readonly LintedDocument[], paint: Painter): string {
  const problems = files.flatMap((file) => file.problems);
  const listed = problems.length === 0 ? '' : `${problemText(problems, paint)}\n`;
  const invalid = files.filter(({ valid }) => !valid).length;
  const verdict = invalid === 0 ? paint.good('valid') : paint.bad('invalid');
  const which = invalid === 0 ? '' : ` (${invalid} invalid)`;
  return `${listed}${verdict}: ${counted(files.length, 'document')}${which}; ${problemCounts(problems)}\n`;
}
