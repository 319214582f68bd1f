/** What a daemon listens on: agents, HTTP, the control socket. All of them open, or none. */
import { readFile } from 'node:fs/promises';
import { openControl } from '../control/server.ts';
import { ReconcileError } from '../core/model/errors.ts';
import type { DaemonConfig } from '../io/config.ts';
import type { Metrics } from '../io/metrics.ts';
import { answerControl } from './control.ts';
import type { Health } from './http.ts';
import { openHttp } from './http.ts';
import { readMetrics } from './readings.ts';
import { secretPath } from './secrets.ts';
import type { Triggers } from './triggers.ts';
import type { WebhookKey } from './webhook.ts';
import type { Parts } from './wire.ts';

export type Doors = {
  readonly health: Health;
  readonly ports: { readonly agents: number; readonly http: number };
  /** The agents' door closes with the parts: their last messages are heard until then. */
  close(): Promise<void>;
};

/** @throws ReconcileError AGENTS_LISTEN, TLS_UNREADABLE, CREDENTIAL_MISSING, SECRET_UNREADABLE, HTTP_LISTEN, CONTROL_LISTEN */
export async function openDoors(
  parts: Parts,
  {
    triggers,
    metrics,
    signal,
  }: { readonly triggers: Triggers; readonly metrics: Metrics; readonly signal: AbortSignal },
): Promise<Doors> {
  const { config, log } = parts;
  const webhooks = await webhookKeys(config);
  const agents = await parts.openDoor();
  metrics.watch(() => readMetrics(parts, triggers));
  const health = healthOf(parts, { triggers, metrics, webhooks });
  const onError = (error: unknown): void => {
    log.error({ message: String(error) }, 'request failed');
  };
  const http = await openHttp(config.http.listen, health, onError);
  const control = await openControl(
    config.controlSocket,
    (request) => answerControl(parts, triggers, request, signal),
    onError,
  ).catch(async (cause: unknown) => {
    await http.close();
    throw cause;
  });
  return {
    health,
    ports: { agents: agents.address.port, http: http.port },
    async close() {
      await control.close();
      await http.close();
    },
  };
}

function healthOf(
  { progress }: Parts,
  {
    triggers,
    metrics,
    webhooks,
  }: {
    readonly triggers: Triggers;
    readonly metrics: Metrics;
    readonly webhooks: readonly WebhookKey[];
  },
): Health {
  return {
    live: () => !progress.isStuck(),
    ready() {
      const reasons = [
        ...(progress.hasRevision() ? [] : ['no revision is in force yet']),
        ...(progress.isStuck() ? ['passes make no progress'] : []),
        ...(progress.waitsForDisk() ? ['the journal waits for its disk'] : []),
      ];
      return { ready: reasons.length === 0, reasons };
    },
    metrics: () => metrics.text(),
    poke: () => triggers.poke(),
    webhooks,
  };
}

function webhookKeys({ webhooks }: DaemonConfig): Promise<readonly WebhookKey[]> {
  return Promise.all(
    webhooks.map(async ({ provider, secret }) => ({
      provider,
      secret: await secretIn(secretPath(secret)),
    })),
  );
}

async function secretIn(path: string): Promise<Buffer> {
  try {
    return Buffer.from((await readFile(path, 'utf8')).trimEnd());
  } catch (cause) {
    throw new ReconcileError('SECRET_UNREADABLE', `cannot read the secret of a web hook: ${path}`, {
      retry: 'never',
      exitCode: 78,
      cause,
    });
  }
}
