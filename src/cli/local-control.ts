/** Speaking to the daemon on this machine: its configuration names the socket, the socket's mode says who may. */
import { userInfo } from 'node:os';
import { askDaemon } from '../control/client.ts';
import type { ControlRoute } from '../control/routes.ts';
import type { Json } from '../core/model/json.ts';
import { isJsonObject } from '../core/model/json.ts';
import { loadDaemonConfig } from '../io/config.ts';
import type { Call, Context } from './command.ts';

/** @throws ReconcileError CONFIG_UNREADABLE, DAEMON_NOT_RUNNING, NOT_ALLOWED, or the daemon's own code */
export async function ask(
  call: Call,
  { signal }: Pick<Context, 'signal'>,
  route: ControlRoute,
  values: { readonly [key: string]: Json } = {},
): Promise<Json> {
  const { controlSocket } = await loadDaemonConfig(call.text('config'));
  return askDaemon(controlSocket, route, values, signal);
}

/** For reasons in reports: "paused by ada". */
export const asker = (env: Context['env']): string =>
  env['SUDO_USER'] ?? env['USER'] ?? userInfo().username;

/** The daemon's own sentence. */
export function messageOf(answer: Json): string {
  const message = isJsonObject(answer) ? answer['message'] : null;
  return typeof message === 'string' && message !== '' ? message : 'done';
}

/** What acceptance and a look at the source answer with. */
export function acceptedText(answer: Json): string {
  if (!isJsonObject(answer)) return 'done';
  const { accepted, held } = answer;
  const revision = typeof accepted === 'string' ? accepted : 'none yet';
  const reason = isJsonObject(held ?? null) ? (held as { readonly reason?: Json }).reason : null;
  return `accepted revision: ${revision}${typeof reason === 'string' ? `\nheld: ${reason}` : ''}`;
}

export const isHeld = (answer: Json): boolean =>
  isJsonObject(answer) && isJsonObject(answer['held'] ?? null);
