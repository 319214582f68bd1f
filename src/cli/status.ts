import { existsSync } from 'node:fs';
import { ReconcileError } from '../core/model/errors.ts';
import type { Json } from '../core/model/json.ts';
import { isJsonObject } from '../core/model/json.ts';
import { SUMMARY_PATH } from '../core/report/paths.ts';
import { readSummary } from '../core/report/read-summary.ts';
import { statusText } from '../core/report/text.ts';
import { noticesIn } from './answers.ts';
import type { Call, Command, Context } from './command.ts';
import { CONFIG, FORMAT } from './command.ts';
import { EXIT } from './exit.ts';
import { ask } from './local-control.ts';
import { openStatus } from './open-status.ts';
import { painterFor } from './print.ts';

export const command: Command = {
  arguments: [
    { syntax: '[ref-or-dir]', about: 'a status branch, or a folder with the files of one' },
  ],
  flags: [
    { syntax: '--repo <dir>', about: 'clone whose status branch is read' },
    { ...CONFIG, about: 'ask the daemon of this configuration' },
    FORMAT('json'),
  ],
  examples: [
    'reconciled status                            # of the daemon on this machine',
    'reconciled status --repo fleet               # reconciled/status, or origin/reconciled/status',
    'reconciled status origin/reconciled/status --format json',
  ],
  async run(call, context) {
    const text = asksDaemon(call) ? await fromDaemon(call, context) : await fromBranch(call);
    const summary = readSummary(text);
    if (summary === null) {
      throw failure('STATUS_UNREADABLE', `${SUMMARY_PATH} is not as the daemon writes it`);
    }
    const { stdout, env } = context;
    const asJson = call.text('format') === 'json';
    stdout.write(asJson ? `${text.trimEnd()}\n` : statusText(summary, painterFor(stdout, env)));
    return EXIT.done;
  },
};

/** A reference or a clone is read where one is named; else the daemon is asked, where one is configured. */
function asksDaemon(call: Call): boolean {
  if (call.args[0] !== undefined || call.given('repo') !== null) return false;
  return call.text('config') !== CONFIG.fallback || existsSync(call.text('config'));
}

async function fromDaemon(call: Call, context: Context): Promise<string> {
  const answer = await ask(call, context, 'status');
  const summary = isJsonObject(answer) ? (answer['summary'] ?? null) : null;
  for (const notice of noticesIn(answer)) context.stderr.write(`${notice}\n`);
  if (summary !== null) return JSON.stringify(summary);
  throw failure('NO_REVISION', `the daemon has accepted no revision yet${sourceError(answer)}`);
}

function sourceError(answer: Json): string {
  const source = isJsonObject(answer) ? (answer['source'] ?? null) : null;
  const error = isJsonObject(source) ? source['error'] : null;
  return typeof error === 'string' ? `; its source says ${error}` : '';
}

async function fromBranch(call: Call): Promise<string> {
  const asked = call.args[0] ?? null;
  const dir = call.given('repo') ?? '.';
  const files = await openStatus(dir, asked);
  const bytes = (await files?.read(SUMMARY_PATH)) ?? null;
  if (bytes !== null) return Buffer.from(bytes).toString('utf8');
  throw failure(
    'NO_STATUS',
    `no status at ${asked ?? `reconciled/status or origin/reconciled/status of ${dir}`}; fetch the branch, or ask the daemon with --config`,
  );
}

const failure = (code: string, message: string): ReconcileError =>
  new ReconcileError(code, message, { retry: 'never' });
