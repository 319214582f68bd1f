import { ReconcileError } from '../core/model/errors.ts';
import type { Json } from '../core/model/json.ts';
import { isJsonObject } from '../core/model/json.ts';
import { field, objectsOf } from './answers.ts';
import type { Call, Command, Context } from './command.ts';
import { CONFIG, FORMAT, usage } from './command.ts';
import { EXIT } from './exit.ts';
import { ask, asker, messageOf } from './local-control.ts';
import { printJson } from './print.ts';

export const command: Command = {
  arguments: [{ syntax: '<association...>', about: 'names of associations' }],
  flags: [
    CONFIG,
    {
      syntax: '--node <node>',
      about: 'only on this node (id or name), which has to be a target',
      many: true,
    },
    { syntax: '--target <tag:key=value>', about: 'only on targets with this tag', many: true },
    FORMAT('json'),
  ],
  examples: [
    'reconciled run web-config',
    'reconciled run web-config web-service --node mi-0123456789abcdef0',
    'reconciled run web-config --node web-17',
    'reconciled run web-config --target tag:env=staging',
  ],
  async run(call, context) {
    const answer = await ask(call, context, 'run', {
      by: asker(context.env),
      associations: [...call.args],
      nodes: [...new Set(call.list('node'))],
      among: await taggedFor(call, context),
    });
    if (call.text('format') === 'json') printJson(context, answer);
    else context.stdout.write(`${messageOf(answer)}\n`);
    return EXIT.done;
  },
};

/** Nodes that have one of the tags; with none named either, wherever the associations' own targets say. */
async function taggedFor(call: Call, context: Context): Promise<readonly string[]> {
  const tags = call.list('target').map(tagOf);
  if (tags.length === 0) return [];
  const tagged = objectsOf(await ask(call, context, 'nodes'))
    .filter((node) => tags.some(({ key, value }) => tagIn(node['tags'], key) === value))
    .map((node) => field(node, 'id'));
  // An empty list would mean every target, the very opposite of what was asked.
  if (tagged.length + call.list('node').length === 0) {
    throw new ReconcileError('NO_SUCH_NODES', `no node has ${call.list('target').join(' or ')}`, {
      retry: 'never',
    });
  }
  return tagged;
}

function tagOf(text: string): { readonly key: string; readonly value: string } {
  const match = /^tag:([^=]+)=(.*)$/s.exec(text);
  if (match?.[1] === undefined || match[2] === undefined) {
    throw usage(`--target is tag:key=value, not ${JSON.stringify(text)}`);
  }
  return { key: match[1], value: match[2] };
}

const tagIn = (tags: Json | undefined, key: string): Json | undefined =>
  tags !== undefined && isJsonObject(tags) ? tags[key] : undefined;
