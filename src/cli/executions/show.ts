import type { Json } from '../../core/model/json.ts';
import { isJsonObject } from '../../core/model/json.ts';
import { asAnswer, field, objectsOf, runsOf } from '../answers.ts';
import type { Call, Command, Context } from '../command.ts';
import { CONFIG, FORMAT } from '../command.ts';
import { EXIT } from '../exit.ts';
import { ask } from '../local-control.ts';
import { printJson, printTable } from '../print.ts';
import { executionIn, HISTORY_FLAGS, openHistory } from './history.ts';
import { targetRow } from './target-row.ts';

export const command: Command = {
  arguments: [{ syntax: '<execution>', about: 'its id, as executions list prints it' }],
  flags: [CONFIG, ...HISTORY_FLAGS, FORMAT('json')],
  examples: [
    'reconciled executions show 5f0c…',
    'reconciled executions show 5f0c… --repo fleet   # from the status branch: the nodes that failed',
  ],
  async run(call, context) {
    const answer = await answerTo(call, context);
    if (call.text('format') === 'json' || !isJsonObject(answer)) {
      printJson(context, answer);
      return EXIT.done;
    }
    const rows = objectsOf(answer['runs'] ?? []).map(targetRow);
    context.stdout.write(
      `${field(answer, 'association')} version ${field(answer, 'associationVersion')}: ` +
        `${field(answer, 'detailedStatus')}  ${field(answer, 'reason')}\n` +
        `created ${field(answer, 'createdTime')}, ended ${field(answer, 'endedTime')}: ${runsOf(answer)}\n\n`,
    );
    if (answer['countsOnly'] === true) {
      context.stdout.write(
        'Which node ended how was dropped: too much had ended while the status branch could not be written.\n',
      );
      return EXIT.done;
    }
    printTable(context, ['NODE', 'STATUS', 'BEGAN', 'WHAT'], rows);
    return EXIT.done;
  },
};

async function answerTo(call: Call, context: Context): Promise<Json> {
  const id = call.args[0] ?? '';
  const files = await openHistory(call);
  if (files === null) return ask(call, context, 'execution', { id });
  return asAnswer(await executionIn(files, id));
}
