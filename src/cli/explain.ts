import { isJsonObject } from '../core/model/json.ts';
import type { Call, Command, Context } from './command.ts';
import { CONFIG, FORMAT } from './command.ts';
import { EXIT } from './exit.ts';
import { explainText } from './explain/explain-text.ts';
import { explainOffline } from './explain/offline.ts';
import { ask } from './local-control.ts';
import { painterFor, printJson } from './print.ts';

export const command: Command = {
  arguments: [
    { syntax: '<node>', about: 'its id, or its name where only one node has it' },
    { syntax: '[association]', about: 'this one only; else all of them' },
  ],
  flags: [
    CONFIG,
    {
      syntax: '--status <ref-or-dir>',
      about: 'from this status and a repository, without a daemon',
    },
    {
      syntax: '--repo <dir>',
      about: 'the repository; without a daemon, with the usual status branch unless --status',
    },
    {
      syntax: '--rev <revision>',
      about: 'as if this revision were in force; else the accepted one; needs --status or --repo',
    },
    FORMAT('json'),
  ],
  examples: [
    'reconciled explain web-1',
    'reconciled explain web-1 base-motd                       # why did it run, or why not',
    'reconciled explain web-1 --repo fleet --status origin/reconciled/status   # anywhere, from Git alone',
  ],
  async run(call, context) {
    const answer = await answerTo(call, context);
    if (call.text('format') === 'json' || !isJsonObject(answer)) printJson(context, answer);
    else context.stdout.write(explainText(answer, painterFor(context.stdout, context.env)));
    return EXIT.done;
  },
};

function answerTo(call: Call, context: Context) {
  const [node = '', association = ''] = call.args;
  const status = call.given('status');
  const repo = call.given('repo');
  const rev = call.given('rev');
  if (status === null && repo === null && rev === null) {
    return ask(call, context, 'explain', { node, association });
  }
  return explainOffline(
    { dir: repo ?? '.', status, rev, node, association: association === '' ? null : association },
    context.signal,
  );
}
