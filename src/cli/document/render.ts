import type { Command } from '../command.ts';
import { FORMAT } from '../command.ts';
import { EXIT } from '../exit.ts';
import { painterFor, printJson } from '../print.ts';
import { PARAMETERS, readGiven } from './given-parameters.ts';
import { isValid } from './judge-source.ts';
import { PLATFORM, platformOf } from './platform.ts';
import { readSource } from './read-text.ts';
import { renderText } from './render-text.ts';
import { renderDocument } from './rendered.ts';
import { storeOfRepository } from './repository-store.ts';

export const command: Command = {
  arguments: [{ syntax: '<file>', about: 'a document, or - for standard input' }],
  flags: [
    PARAMETERS,
    PLATFORM,
    {
      syntax: '--repo <dir>',
      about: 'the repository whose parameters/ answer {{ssm:…}}; without it they stay as written',
    },
    FORMAT('json'),
  ],
  examples: [
    'reconciled document render documents/KeepMotd.yaml --parameters message=hello',
    'reconciled document render Install.json --parameters values.yaml --platform Windows --format json',
    "reconciled document render Run.yaml --parameters commands='echo one' --parameters commands='echo two'",
  ],
  async run(call, context) {
    const [file = '-'] = call.args;
    const platformType = platformOf(call);
    const given = await readGiven(call.list('parameters'), context);
    const repo = call.given('repo');
    const store = repo === null ? null : await storeOfRepository(repo, context.signal);
    const source = await readSource(file, context);
    const rendered = renderDocument(source, { platformType, given, store });
    if (call.text('format') === 'json') printJson(context, rendered);
    else context.stdout.write(renderText(rendered, painterFor(context.stdout, context.env)));
    return isValid(rendered.problems) ? EXIT.done : EXIT.invalid;
  },
};
