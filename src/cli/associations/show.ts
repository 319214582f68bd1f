import type { Json } from '../../core/model/json.ts';
import { isJsonObject } from '../../core/model/json.ts';
import type { Command } from '../command.ts';
import { CONFIG, FORMAT } from '../command.ts';
import { EXIT } from '../exit.ts';
import { ask } from '../local-control.ts';
import { painterFor, printJson } from '../print.ts';
import { descriptionIn, openPublished, PUBLISHED_FLAGS } from './published.ts';
import { showText } from './show-text.ts';

export const command: Command = {
  arguments: [{ syntax: '<association>', about: 'its name' }],
  flags: [CONFIG, ...PUBLISHED_FLAGS, FORMAT('json')],
  examples: [
    'reconciled associations show web-config',
    'reconciled associations show web-config --repo fleet --format json   # status.json of the status branch',
  ],
  async run(call, context) {
    const association = call.args[0] ?? '';
    const files = await openPublished(call);
    const answer: Json =
      files === null
        ? await ask(call, context, 'association', { association })
        : await descriptionIn(files, association);
    if (call.text('format') === 'json' || !isJsonObject(answer)) printJson(context, answer);
    else context.stdout.write(showText(answer, painterFor(context.stdout, context.env)));
    return EXIT.done;
  },
};
