/**
 * A forecast to subscribe to. What fires often is one all-day event a day. Nothing in it speaks of the moment at which it
 * was made: an event keeps its UID and its bytes as long as what it foretells is the same, so calendars do not churn.
 */
import { shortHash } from '../canonical/identity.ts';
import type { Instant } from '../model/brand.ts';
import { formatInstant } from '../model/brand.ts';
import type { AssociationForecast, Forecast, ForecastRun } from './forecast.ts';
import { TIMES_MAX } from './forecast.ts';
import type { Property } from './icalendar.ts';
import { component, escapeText } from './icalendar.ts';
import { localInstant, localTime } from './local-time.ts';

export type CalendarOptions = {
  /** What the calendar is called, and part of every UID. */
  readonly instance: string;
  /** IANA name: where days begin. */
  readonly zone: string;
};

/** `forecast` is folded by days of `zone`. */
export function forecastCalendar(forecast: Forecast, options: CalendarOptions): string {
  const about = new Map(forecast.associations.map((each) => [each.association, each]));
  const often = new Set(
    forecast.runs.filter(({ count }) => count > TIMES_MAX).map(({ association }) => association),
  );
  const events = forecast.runs.flatMap((run) => {
    const of = about.get(run.association);
    if (of === undefined) return [];
    return often.has(run.association) && run.isSlot
      ? [allDayEvent(run, of, options)]
      : run.times.map((at) => event({ ...run, at }, of, options));
  });
  return component('VCALENDAR', [
    { name: 'VERSION', value: '2.0' },
    { name: 'PRODID', value: '-//reconciled//forecast//EN' },
    { name: 'CALSCALE', value: 'GREGORIAN' },
    { name: 'METHOD', value: 'PUBLISH' },
    { name: 'X-WR-CALNAME', value: escapeText(`reconciled ${options.instance}`.trimEnd()) },
    { name: 'REFRESH-INTERVAL;VALUE=DURATION', value: 'PT1H' },
    ...(forecast.completeUntil === forecast.until ? [] : [incomplete(forecast.completeUntil)]),
    ...events,
  ]);
}

const incomplete = (until: Instant): Property => ({
  name: 'X-WR-CALDESC',
  value: escapeText(`Too many runs: complete until ${formatInstant(until)} only.`),
});

function event(run: ForecastRun, about: AssociationForecast, options: CalendarOptions): string {
  const { association, trigger, isSlot, ring, at, estimated } = run;
  // A change has no instant of its own: it starts whenever it is merged. What waits already starts when it may.
  const which = isSlot ? formatInstant(at) : `${trigger} ${ring ?? ''}`;
  const details = [
    isSlot ? (about.schedule ?? '') : run.reason,
    ...(isSlot && about.timezone !== 'UTC'
      ? [`${localInstant(at, about.timezone)} ${about.timezone}`]
      : []),
    `document ${about.document}`,
    ...(estimated
      ? [
          `estimated: ${ring === null ? 'what comes before has' : 'earlier rings have'} to finish first`,
        ]
      : []),
  ];
  return component('VEVENT', [
    { name: 'UID', value: uidOf([options.instance, association, which]) },
    // Required, and the present would make every fetch differ from the last.
    { name: 'DTSTAMP', value: basic(at) },
    { name: 'DTSTART', value: basic(at) },
    { name: 'SUMMARY', value: escapeText(`${association}${placeOf(run)}`) },
    { name: 'DESCRIPTION', value: escapeText(details.join('\n')) },
    { name: 'CATEGORIES', value: escapeText(trigger) },
    { name: 'STATUS', value: estimated ? 'TENTATIVE' : 'CONFIRMED' },
    { name: 'TRANSP', value: 'TRANSPARENT' },
  ]);
}

/** Says no number of runs: that of the first day falls while the day passes. */
function allDayEvent(
  run: ForecastRun,
  about: AssociationForecast,
  { instance, zone }: CalendarOptions,
): string {
  const { date, day } = localTime(run.at, zone);
  const tomorrow = new Date((day + 1) * 86_400_000).toISOString().slice(0, 10);
  return component('VEVENT', [
    { name: 'UID', value: uidOf([instance, run.association, date]) },
    { name: 'DTSTAMP', value: `${date.replaceAll('-', '')}T000000Z` },
    { name: 'DTSTART;VALUE=DATE', value: date.replaceAll('-', '') },
    { name: 'DTEND;VALUE=DATE', value: tomorrow.replaceAll('-', '') },
    {
      name: 'SUMMARY',
      value: escapeText(`${run.association}, ${about.schedule ?? ''}${placeOf(run)}`),
    },
    { name: 'DESCRIPTION', value: escapeText(`document ${about.document}`) },
    { name: 'CATEGORIES', value: escapeText(run.trigger) },
    { name: 'STATUS', value: 'CONFIRMED' },
    { name: 'TRANSP', value: 'TRANSPARENT' },
  ]);
}

const placeOf = ({ nodes, ring }: ForecastRun): string =>
  ` on ${nodes} ${nodes === 1 ? 'node' : 'nodes'}${ring === null ? '' : ` (${ring})`}`;

const uidOf = (parts: readonly string[]): string =>
  `${shortHash(['forecast', ...parts])}@reconciled`;

/** `20260501T120000Z`. */
const basic = (at: Instant): string =>
  new Date(Math.floor(at / 1000) * 1000).toISOString().replace(/[-:]|\.000/g, '');
