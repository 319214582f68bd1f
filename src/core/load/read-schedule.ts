/** The keys that make a schedule, judged together; and those that say something of schedules of another kind only. */
import type { RepositorySettings } from '../model/catalog.ts';
import { noScheduleMistakes, parseSchedule } from '../schedule/parse.ts';
import type { Schedule } from '../schedule/schedule.ts';
import type { Desk } from './desk.ts';
import type { AssociationDraft } from './parsed.ts';
import { isWritten } from './spots.ts';

/** Undefined when it has mistakes. */
export function readSchedule(
  draft: AssociationDraft,
  desk: Desk,
  settings: RepositorySettings,
): Schedule | null | undefined {
  const { definition } = draft;
  warnOfIdleKeys(draft, desk);
  const options = {
    timezone: definition.Reconciled?.Timezone ?? settings.defaults.timezone,
    offsetDays: definition.ScheduleOffset ?? null,
    applyOnlyAtCronInterval: definition.ApplyOnlyAtCronInterval === true,
  };
  const text = definition.ScheduleExpression;
  const parsed =
    text === undefined
      ? null
      : parseSchedule(text, { ...options, strictAws: settings.strict === 'aws' });
  if (parsed?.ok === true) return parsed.value;
  const mistakes = parsed === null ? noScheduleMistakes(options) : parsed.error;
  if (mistakes.length > 0) desk.blame({ kind: 'settings', name: '' });
  for (const { code, message, hint, key } of mistakes) {
    const pointer = `/${key.replace('.', '/')}`;
    // A flag that is not written is missed at the schedule that demands it.
    const isThere = isWritten(draft.places, pointer) || text === undefined;
    desk.error(code, isThere ? pointer : '/ScheduleExpression', message, hint);
  }
  return mistakes.length === 0 ? null : undefined;
}

/** Keys that say something of schedules of another kind only. */
function warnOfIdleKeys({ definition, places }: AssociationDraft, desk: Desk): void {
  const schedule = definition.ScheduleExpression;
  const warn = (key: string, why: string): void => {
    const pointer = `/Reconciled/${key}`;
    if (!isWritten(places, pointer)) return;
    desk.warnAtKey(
      'not-effective',
      pointer,
      `Reconciled.${key} has no effect ${why}`,
      'Remove it.',
    );
  };
  if (schedule === undefined) warn('Timezone', 'without a ScheduleExpression');
  else if (/^rate\b/i.test(schedule)) warn('Timezone', 'on a rate: it counts time that passes');
  if (definition.ApplyOnlyAtCronInterval !== true)
    warn('StartingDeadline', 'without ApplyOnlyAtCronInterval: a missed slot is made up for');
}
