import type { CalendarZone, Observance } from '../model/calendar.ts';
import { openZone } from '../schedule/zone.ts';
import type { CalendarDesk, Component } from './component.ts';
import { onlyLine } from './component.ts';
import type { ContentLine } from './content-lines.ts';
import { readRule } from './read-rule.ts';
import { itemsOf, readLocal, shown } from './read-time.ts';

/** How many onsets the zones of one file may list. Programs that write out a zone's whole history need some hundred. */
const ONSETS_MAX = 2_000;

/**
 * The zones that a file defines under names that are none of IANA's, as Outlook does. Those that IANA knows are not
 * looked at.
 */
export function readZones(calendar: Component, desk: CalendarDesk): readonly CalendarZone[] {
  const zones: CalendarZone[] = [];
  let onsets = 0;
  for (const component of calendar.inner) {
    if (component.name !== 'VTIMEZONE') continue;
    const id = onlyLine(component, 'TZID', desk)?.value ?? '';
    if (openZone(id) !== null) continue;
    if (id === '' || zones.some((zone) => zone.id === id)) {
      const message = id === '' ? 'VTIMEZONE has no TZID' : `${shown(id)} is defined twice`;
      desk.error('calendar-zone', component.place, message, 'Give each zone one name.');
      continue;
    }
    const observances = component.inner
      .filter(({ name }) => name === 'STANDARD' || name === 'DAYLIGHT')
      .flatMap((inner) => readObservance(inner, desk) ?? []);
    onsets += observances.reduce((sum, { further }) => sum + 1 + further.length, 0);
    if (onsets > ONSETS_MAX) {
      const message = `the time zones of this file have more than ${ONSETS_MAX} changes`;
      desk.error('calendar-limit', component.place, message, 'Write IANA names instead.');
      return [];
    }
    if (observances.length === 0) {
      const message = `${shown(id)} has neither STANDARD nor DAYLIGHT`;
      desk.error('calendar-zone', component.place, message, 'Write an IANA name instead.');
    }
    zones.push({ id, observances });
  }
  return zones;
}

function readObservance(component: Component, desk: CalendarDesk): Observance | null {
  const fromMs = readOffset(component, 'TZOFFSETFROM', desk);
  const toMs = readOffset(component, 'TZOFFSETTO', desk);
  const start = onlyLine(component, 'DTSTART', desk);
  const onset = start === null ? null : readLocal(start.value);
  if (onset === null) wrong(desk, start, component, 'DTSTART is no time that exists');
  if (fromMs === null || toMs === null || onset === null) return null;
  const ruleLine = onlyLine(component, 'RRULE', desk);
  const time = { time: { local: onset, zone: null }, isDate: false };
  const rule = ruleLine === null ? null : readRule(ruleLine, time, desk);
  if (ruleLine !== null && rule !== null && rule.freq !== 'YEARLY') {
    wrong(desk, ruleLine, component, 'a zone changes by a yearly rule');
    return null;
  }
  const further: number[] = [];
  for (const line of component.lines.filter(({ name }) => name === 'RDATE')) {
    for (const { text } of itemsOf(line.value)) {
      const local = readLocal(text);
      if (local === null)
        wrong(desk, line, component, `RDATE: ${shown(text)} is no time that exists`);
      else further.push(text.endsWith('Z') ? local + fromMs : local);
    }
  }
  // The end of a zone's rule is written in UTC and compared on the clock before the change.
  const until = rule?.until ?? null;
  const untilLocal = until === null ? null : until.local + (until.zone === 'UTC' ? fromMs : 0);
  return {
    onset,
    fromMs,
    toMs,
    further,
    rule:
      rule === null
        ? null
        : { ...rule, until: untilLocal === null ? null : { local: untilLocal, zone: null } },
  };
}

function readOffset(component: Component, name: string, desk: CalendarDesk): number | null {
  const line = onlyLine(component, name, desk);
  const parts = /^([+-])(\d\d)([0-5]\d)([0-5]\d)?$/.exec(line?.value ?? '');
  const [, sign, hours = 0, minutes = 0, seconds = 0] = parts ?? [];
  if (parts === null || Number(hours) > OFFSET_HOURS_MAX) {
    wrong(desk, line, component, `${name} is no offset such as +0100`);
    return null;
  }
  const ms = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000;
  return sign === '-' ? -ms : ms;
}

/** Beyond any that ever was. */
const OFFSET_HOURS_MAX = 18;

function wrong(
  desk: CalendarDesk,
  line: ContentLine | null,
  component: Component,
  message: string,
): void {
  const place = line?.placeInValue(0) ?? component.place;
  desk.error('calendar-zone', place, message, 'Write IANA names instead of defining zones.');
}
