import { isJsonObject } from '../core/model/json.ts';
import { countsOf, field, objectsOf } from './answers.ts';
import type { Command } from './command.ts';
import { CONFIG, FORMAT } from './command.ts';
import { EXIT } from './exit.ts';
import { ask } from './local-control.ts';
import { printJson, printTable } from './print.ts';

export const command: Command = {
  arguments: [{ syntax: '<execution>', about: 'its id, as executions list prints it' }],
  flags: [CONFIG, FORMAT('json')],
  examples: ['reconciled executions show 5f0c…'],
  async run(call, context) {
    const answer = await ask(call, context, 'execution', { id: call.args[0] ?? '' });
    if (call.text('format') === 'json' || !isJsonObject(answer)) {
      printJson(context, answer);
      return EXIT.done;
    }
    const rows = objectsOf(answer['runs'] ?? []).map((each) => [
      field(each, 'node'),
      field(each, 'detailedStatus') === '-' ? field(each, 'phase') : field(each, 'detailedStatus'),
      field(each, 'waiting') === '-' ? field(each, 'summary') : field(each, 'waiting'),
    ]);
    context.stdout.write(
      `${field(answer, 'association')}  ${field(answer, 'reason')}\n` +
        `opened ${field(answer, 'openedAt')}, ended ${field(answer, 'endedAt')}: ${countsOf(answer, 'phases')}\n\n`,
    );
    printTable(context, ['NODE', 'STATUS', 'WHAT'], rows);
    return EXIT.done;
  },
};
