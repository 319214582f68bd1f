/** Reads every alarm of the configuration at its own interval and tells the world what changed. */
import type { AlarmState } from '../core/rollout/gate.ts';
import type { Logger } from '../io/log.ts';
import type { Inbox } from '../reconcile/inbox.ts';
import type { AlarmReading, AlarmsPort } from '../reconcile/ports.ts';
import { rest } from '../waiting/rest.ts';

/** Resolves when `signal` aborts. Until an alarm was read for the first time, the world takes it for unreadable. */
export async function keepAlarms(
  port: AlarmsPort,
  { inbox, log }: { readonly inbox: Pick<Inbox, 'post'>; readonly log: Logger },
  signal: AbortSignal,
): Promise<void> {
  const states = new Map<string, AlarmState>();
  const tell = (name: string, { state, problem }: AlarmReading): void => {
    if (states.get(name) === state) return;
    states.set(name, state);
    if (problem === null) log.info({ alarm: name, state }, 'alarm read');
    else log.warn({ alarm: name, state, message: problem }, 'alarm not read');
    inbox.post({ kind: 'alarms', states: new Map(states) });
  };
  await Promise.all(
    port.alarms.map(async ({ name, intervalMs }) => {
      for (;;) {
        const reading = await port.read(name, signal);
        if (signal.aborted) return;
        tell(name, reading);
        await rest(intervalMs, signal);
      }
    }),
  );
}
