import { nearest } from '../document/nearest.ts';
import type { Desk, Need, Surroundings } from './desk.ts';
import { shown } from './misfits.ts';
import type { AssociationDraft } from './parsed.ts';

export function checkCalendars(
  { definition }: AssociationDraft,
  desk: Desk,
  { calendars, isHidden }: Surroundings,
): void {
  for (const [i, name] of (definition.CalendarNames ?? []).entries()) {
    const need: Need = { kind: 'calendar', name };
    desk.need(need);
    if (calendars.has(name)) continue;
    desk.blame(need);
    if (isHidden(need)) desk.refuse();
    else
      desk.error(
        'unknown-calendar',
        `/CalendarNames/${i}`,
        `there is no calendars/${shownName(name)}.ics`,
        unknownCalendarHint(name, calendars.keys()),
      );
  }
}

function shownName(name: string): string {
  return shown(name).slice(1, -1);
}

function unknownCalendarHint(name: string, known: Iterable<string>): string {
  if (name.startsWith('arn:')) {
    const own = name.slice(name.lastIndexOf('/') + 1);
    return [...known].includes(own)
      ? `Calendars have no account and no Region here: write ${own}.`
      : 'Calendars of other accounts do not exist here: copy it into calendars/ and name that.';
  }
  const near = nearest(name.replace(/\.ics$/, ''), known);
  return near === null ? 'Add it, or name one that is there.' : `Did you mean "${near}"?`;
}
