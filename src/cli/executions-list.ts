import { countsOf, field, objectsOf } from './answers.ts';
import type { Command } from './command.ts';
import { CONFIG, FORMAT } from './command.ts';
import { EXIT } from './exit.ts';
import { ask } from './local-control.ts';
import { printJson, printTable } from './print.ts';

export const command: Command = {
  flags: [
    CONFIG,
    { syntax: '--association <name>', about: 'only of this association' },
    FORMAT('json'),
  ],
  examples: ['reconciled executions list --association web-config'],
  async run(call, context) {
    const answer = await ask(call, context, 'executions', {
      association: call.given('association') ?? '',
    });
    if (call.text('format') === 'json') printJson(context, answer);
    else {
      const rows = objectsOf(answer).map((each) => [
        field(each, 'openedAt'),
        field(each, 'association'),
        field(each, 'endedAt') === '-' ? countsOf(each, 'phases') : countsOf(each, 'statuses'),
        field(each, 'id'),
        field(each, 'reason'),
      ]);
      printTable(context, ['OPENED', 'ASSOCIATION', 'RUNS', 'EXECUTION', 'WHY'], rows);
    }
    return EXIT.done;
  },
};
