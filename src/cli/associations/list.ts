import type { Json } from '../../core/model/json.ts';
import { isJsonObject } from '../../core/model/json.ts';
import { asAnswer, countsOf, field, objectsOf } from '../answers.ts';
import type { Command } from '../command.ts';
import { CONFIG, FORMAT } from '../command.ts';
import { EXIT } from '../exit.ts';
import { ask } from '../local-control.ts';
import { printJson, printTable } from '../print.ts';
import { associationsIn, openPublished, PUBLISHED_FLAGS } from './published.ts';

export const command: Command = {
  flags: [CONFIG, ...PUBLISHED_FLAGS, FORMAT('json')],
  examples: [
    'reconciled associations list',
    'reconciled associations list --repo fleet --status origin/reconciled/status --format json',
  ],
  async run(call, context) {
    const files = await openPublished(call);
    const answer: Json =
      files === null
        ? await ask(call, context, 'associations')
        : asAnswer(await associationsIn(files));
    if (call.text('format') === 'json' || !isJsonObject(answer)) {
      printJson(context, answer);
      return EXIT.done;
    }
    const rows = objectsOf(answer['associations'] ?? []).map((each) => [
      field(each, 'association'),
      field(each, 'associationVersion'),
      field(each, 'document'),
      field(each, 'scheduleExpression'),
      field(each, 'validity') === 'Invalid'
        ? `${field(each, 'detailedStatus')} (file invalid)`
        : field(each, 'detailedStatus'),
      countsOf(each, 'statuses'),
    ]);
    const columns = ['ASSOCIATION', 'VERSION', 'DOCUMENT', 'SCHEDULE', 'STATUS', 'TARGETS'];
    printTable(context, columns, rows);
    return EXIT.done;
  },
};
