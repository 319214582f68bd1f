import type { JsonObject } from '../core/model/json.ts';
import { isJsonObject } from '../core/model/json.ts';
import { field, objectsOf } from './answers.ts';
import type { Command } from './command.ts';
import { CONFIG, FORMAT } from './command.ts';
import { EXIT } from './exit.ts';
import { ask } from './local-control.ts';
import { printJson, printTable } from './print.ts';

export const command: Command = {
  flags: [CONFIG, FORMAT('json')],
  examples: ['reconciled node list'],
  async run(call, context) {
    const answer = await ask(call, context, 'nodes');
    if (call.text('format') === 'json') printJson(context, answer);
    else {
      const rows = objectsOf(answer).map((node) => [
        field(node, 'id'),
        field(node, 'name'),
        node['ahead'] == null ? field(node, 'connected') : 'ahead',
        node['connected'] === true ? 'now' : field(node, 'lastSeen'),
        tagsOf(node),
        field(node, 'refuses'),
      ]);
      printTable(context, ['NODE', 'NAME', 'CONNECTED', 'LAST SEEN', 'TAGS', 'REFUSES'], rows);
    }
    return EXIT.done;
  },
};

function tagsOf(node: JsonObject): string {
  const tags = node['tags'];
  if (!isJsonObject(tags)) return '-';
  const pairs = Object.entries(tags).map(([key, value]) => `${key}=${String(value)}`);
  return pairs.join(' ') || '-';
}
