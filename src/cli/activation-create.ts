import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { parseDuration } from '../core/load/duration.ts';
import { formatInstant, instant } from '../core/model/brand.ts';
import { secretPath } from '../daemon/secrets.ts';
import { ensureDir, writeFileAtomic } from '../disk/files.ts';
import type { DaemonConfig } from '../io/config.ts';
import { loadDaemonConfig } from '../io/config.ts';
import { loadOrCreateKeyFile } from '../protocol/key-file.ts';
import type { Call, Command } from './command.ts';
import { CONFIG, usage } from './command.ts';
import { EXIT } from './exit.ts';

const CODE_BYTES = 32;
const NODES_MAX = 1_000;
/** As at AWS (CreateActivation): a code that is good for longer is a standing secret. */
const LIFETIME_MS_MAX = 30 * 24 * 3_600_000;

export const command: Command = {
  flags: [
    { syntax: '--repo <dir>', about: 'work tree of the repository', fallback: '.' },
    CONFIG,
    { syntax: '--limit <nodes>', about: 'how many nodes may register', fallback: '1' },
    {
      syntax: '--expires <duration>',
      about: 'how long it is good for, at most 30d',
      fallback: '24h',
    },
    { syntax: '--tag <key=value>', about: 'tag of nodes that register', many: true },
    { syntax: '--name <name>', about: 'name of nodes that register; their host name else' },
    { syntax: '--description <text>', about: 'what it is for' },
    { syntax: '--server <url>', about: 'how nodes reach the daemon; made from agents.listen else' },
  ],
  examples: [
    'reconciled activation create --config daemon.yaml --limit 10 --expires 24h --tag role=web --tag env=prod',
  ],
  async run(call, context) {
    const config = await loadDaemonConfig(call.text('config'));
    const { identity } = await loadOrCreateKeyFile(secretPath(config.identityKey));
    const id = randomUUID();
    const code = randomBytes(CODE_BYTES).toString('base64url');
    const file = join('activations', `${id}.yaml`);
    const text = activationFile(call, { id, code, now: Date.now() });
    const root = resolve(call.text('repo'));
    if (!(await isFolder(root))) throw usage(`--repo ${root} is no folder`);
    const path = join(root, config.source.path, file);
    await ensureDir(join(path, '..'), { mode: 0o777 });
    await writeFileAtomic(path, text, { mode: 0o666 });
    context.stdout.write(
      `wrote ${path}\n\n` +
        '1. commit and push it: nodes register once a revision with it is accepted\n' +
        '2. on each node, while it is good (the code is shown here and never again):\n\n' +
        `RECONCILED_ACTIVATION_CODE=${code} reconciled agent register --server ${serverUrl(call, config)} --server-key ${identity.publicKey} --activation-id ${id}\n\n` +
        '3. on each node: reconciled agent run\n',
    );
    return EXIT.done;
  },
};

function activationFile(
  call: Call,
  { id, code, now }: { readonly id: string; readonly code: string; readonly now: number },
): string {
  const name = call.given('name');
  const description = call.given('description');
  const tags = call.list('tag').map(tagOf);
  const hash = createHash('sha256').update(code).digest('hex');
  const activation = {
    ActivationId: id,
    ActivationCodeHash: `sha256:${hash}`,
    ...(description === null ? {} : { Description: description }),
    ...(name === null ? {} : { DefaultInstanceName: name }),
    RegistrationLimit: limitOf(call.text('limit')),
    ExpirationDate: formatInstant(instant(now + lifetimeOf(call.text('expires')))),
    ...(tags.length === 0 ? {} : { Tags: tags }),
  };
  return `# yaml-language-server: $schema=../.schemas/activation.schema.json\n${stringify(activation)}`;
}

function tagOf(text: string): { readonly Key: string; readonly Value: string } {
  const equals = text.indexOf('=');
  if (equals < 1) throw usage(`--tag is key=value, not ${JSON.stringify(text)}`);
  return { Key: text.slice(0, equals), Value: text.slice(equals + 1) };
}

function limitOf(text: string): number {
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > NODES_MAX) throw usage(`--limit is a number from 1 to ${NODES_MAX}`);
  return limit;
}

function lifetimeOf(text: string): number {
  const lifetimeMs = parseDuration(text);
  if (lifetimeMs === null || lifetimeMs <= 0 || lifetimeMs > LIFETIME_MS_MAX) {
    throw usage('--expires is a duration such as 24h, and at most 30d');
  }
  return lifetimeMs;
}

/** A daemon that listens everywhere is reached by the name of its host. */
function serverUrl(call: Call, { agents }: DaemonConfig): string {
  const given = call.given('server');
  if (given !== null) return given;
  const { host, port } = agents.listen;
  const everywhere = host === '0.0.0.0' || host === '::';
  const name = everywhere ? hostname() : host.includes(':') ? `[${host}]` : host;
  return `${agents.insecure ? 'ws' : 'wss'}://${name}:${port}`;
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false; // whatever it is, nothing can be written into it
  }
}
