import { parseInstant } from '../core/model/brand.ts';
import type { JsonObject } from '../core/model/json.ts';
import { executionStatuses } from '../core/world/execution-query.ts';
import { countsOf, field, objectsOf } from './answers.ts';
import type { Call, Command } from './command.ts';
import { CONFIG, FORMAT, usage } from './command.ts';
import { EXIT } from './exit.ts';
import { ask } from './local-control.ts';
import { printJson, printTable } from './print.ts';

export const command: Command = {
  flags: [
    CONFIG,
    { syntax: '--association <name>', about: 'only of this association' },
    { syntax: '--status <status>', about: 'only these', choices: executionStatuses },
    { syntax: '--created-after <instant>', about: 'only those created later' },
    { syntax: '--created-before <instant>', about: 'only those created earlier' },
    FORMAT('json'),
  ],
  examples: [
    'reconciled executions list --association web-config',
    'reconciled executions list --status Failed --created-after 2027-01-31T00:00:00Z',
  ],
  async run(call, context) {
    const answer = await ask(call, context, 'executions', {
      association: call.given('association') ?? '',
      status: call.given('status') ?? '',
      createdAfter: instantOf(call, 'created-after'),
      createdBefore: instantOf(call, 'created-before'),
    });
    if (call.text('format') === 'json') printJson(context, answer);
    else {
      const rows = objectsOf(answer).map((each) => [
        field(each, 'openedAt'),
        field(each, 'association'),
        field(each, 'status'),
        runsOf(each),
        field(each, 'id'),
        field(each, 'reason'),
      ]);
      printTable(context, ['OPENED', 'ASSOCIATION', 'STATUS', 'RUNS', 'EXECUTION', 'WHY'], rows);
    }
    return EXIT.done;
  },
};

function runsOf(execution: JsonObject): string {
  if (field(execution, 'skipped') !== '-') return `none: ${field(execution, 'skipped')}`;
  return countsOf(execution, field(execution, 'endedAt') === '-' ? 'phases' : 'statuses');
}

/** @throws usage error when it is no instant */
function instantOf(call: Call, flag: string): string {
  const text = call.given(flag) ?? '';
  if (text !== '' && parseInstant(text) === null) {
    throw usage(`--${flag} is an instant with a zone, such as 2027-01-31T12:00:00Z`);
  }
  return text;
}
