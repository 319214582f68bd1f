import type { Json, JsonObject } from '../../core/model/json.ts';
import { isJsonObject } from '../../core/model/json.ts';
import { asAnswer, field, objectsOf } from '../answers.ts';
import type { Command } from '../command.ts';
import { CONFIG, FORMAT } from '../command.ts';
import { EXIT } from '../exit.ts';
import { ask } from '../local-control.ts';
import { printJson, printTable } from '../print.ts';
import { openPublished, PUBLISHED_FLAGS, versionsIn } from './published.ts';

export const command: Command = {
  arguments: [{ syntax: '<association>', about: 'its name' }],
  flags: [CONFIG, ...PUBLISHED_FLAGS, FORMAT('json')],
  examples: [
    'reconciled associations versions web-config',
    'reconciled associations versions web-config --repo fleet   # from the status branch, without a daemon',
  ],
  async run(call, context) {
    const association = call.args[0] ?? '';
    const files = await openPublished(call);
    const answer: Json =
      files === null
        ? await ask(call, context, 'versions', { association })
        : asAnswer(await versionsIn(files, association));
    if (call.text('format') === 'json' || !isJsonObject(answer)) {
      printJson(context, answer);
      return EXIT.done;
    }
    const rows = objectsOf(answer['versions'] ?? []).map((each) => [
      field(each, 'associationVersion'),
      field(each, 'createdDate'),
      field(each, 'revision').slice(0, 7),
      changedIn(each),
      documentIn(each),
      field(each, 'scheduleExpression'),
    ]);
    printTable(context, ['VERSION', 'CREATED', 'COMMIT', 'CHANGED', 'DOCUMENT', 'SCHEDULE'], rows);
    return EXIT.done;
  },
};

function changedIn(version: JsonObject): string {
  const changed = version['changed'];
  return Array.isArray(changed) ? changed.join(', ') : '-';
}

function documentIn(version: JsonObject): string {
  const number = field(version, 'documentVersion');
  return number === '-' ? field(version, 'document') : `${field(version, 'document')} ${number}`;
}
