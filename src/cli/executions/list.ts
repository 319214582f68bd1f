import type { Instant } from '../../core/model/brand.ts';
import { formatInstant, parseInstant } from '../../core/model/brand.ts';
import { executionStatuses } from '../../core/model/execution-status.ts';
import type { Json } from '../../core/model/json.ts';
import { asAnswer, field, objectsOf, runsOf } from '../answers.ts';
import type { Call, Command, Context } from '../command.ts';
import { CONFIG, FORMAT, usage } from '../command.ts';
import { EXIT } from '../exit.ts';
import { ask } from '../local-control.ts';
import { printJson, printTable } from '../print.ts';
import { HISTORY_FLAGS, historyOf, openHistory } from './history.ts';

export const command: Command = {
  flags: [
    CONFIG,
    { syntax: '--association <name>', about: 'only of this association' },
    { syntax: '--status <status>', about: 'only these', choices: executionStatuses },
    { syntax: '--created-after <instant>', about: 'only those created later' },
    { syntax: '--created-before <instant>', about: 'only those created earlier' },
    ...HISTORY_FLAGS,
    FORMAT('json'),
  ],
  examples: [
    'reconciled executions list --association web-config        # what the daemon remembers',
    'reconciled executions list --status Failed --created-after 2027-01-31T00:00:00Z',
    'reconciled executions list --repo fleet --history origin/reconciled/status   # of the last 30 days',
  ],
  async run(call, context) {
    const answer = await answerTo(call, context);
    if (call.text('format') === 'json') printJson(context, answer);
    else {
      const rows = objectsOf(answer).map((each) => [
        field(each, 'createdTime'),
        field(each, 'association'),
        field(each, 'associationVersion'),
        field(each, 'detailedStatus'),
        runsOf(each),
        field(each, 'id'),
        field(each, 'reason'),
      ]);
      const columns = ['CREATED', 'ASSOCIATION', 'VERSION', 'STATUS', 'RUNS', 'EXECUTION', 'WHY'];
      printTable(context, columns, rows);
    }
    return EXIT.done;
  },
};

async function answerTo(call: Call, context: Context): Promise<Json> {
  const association = call.given('association');
  const createdAfter = instantOf(call, 'created-after');
  const createdBefore = instantOf(call, 'created-before');
  const status = executionStatuses.find((each) => each === call.given('status')) ?? null;
  const files = await openHistory(call);
  if (files === null) {
    return ask(call, context, 'executions', {
      association: association ?? '',
      status: status ?? '',
      createdAfter: createdAfter === null ? '' : formatInstant(createdAfter),
      createdBefore: createdBefore === null ? '' : formatInstant(createdBefore),
    });
  }
  const filter = { association, status, createdAfter, createdBefore };
  const found = await historyOf(files, filter);
  return asAnswer(found.map(({ runs: _, ...execution }) => execution));
}

/** @throws usage error when it is no instant */
function instantOf(call: Call, flag: string): Instant | null {
  const text = call.given(flag);
  if (text === null) return null;
  const at = parseInstant(text);
  if (at !== null) return at;
  throw usage(`--${flag} is an instant with a zone, such as 2027-01-31T12:00:00Z`);
}
