/** What holds a whole association, whoever its nodes are: a suspend, a change calendar, an alarm. */
import { calendarGate, calendarsNamed } from '../calendar/gate.ts';
import type { Association } from '../model/association.ts';
import type { Instant } from '../model/brand.ts';
import type { Catalog } from '../model/catalog.ts';
import type { CalendarStanding, Waiting } from '../model/standing.ts';
import type { SkipReason } from '../model/state.ts';

/** AWS's states of an alarm (`AlarmState`), as far as a run is concerned; UNKNOWN: it could not be read. */
export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA' | 'UNKNOWN';

export type Gate = {
  /** Null: nothing holds it. */
  readonly waiting: (Waiting & { readonly detail: string }) | null;
  /** When to look again: the answer holds until then, as far as time alone can change it. Null: for good. */
  readonly until: Instant | null;
};

export type GateInput = {
  readonly calendars: Catalog['calendars'];
  readonly alarms: ReadonlyMap<string, AlarmState>;
};

type Gated = Pick<Association, 'alarm' | 'calendarNames' | 'suspend'>;

/** The first that holds it, from what people decided to what merely happens. */
export function gateOf(association: Gated, input: GateInput, now: Instant): Gate {
  const { suspend } = association;
  if (suspend !== null && now < suspend.until) {
    const { until, reason, owner } = suspend;
    const detail = `${reason} (${owner})`;
    return { waiting: { reason: 'suspended', until, detail }, until };
  }
  const calendar = calendarGate(calendarsNamed(association.calendarNames, input.calendars), now);
  const { until } = calendar;
  if (!calendar.open) {
    const detail = [...calendar.closedBy, ...calendar.alerts].join('; ');
    return { waiting: { reason: 'calendar', until, detail }, until };
  }
  const alarm = ringing(association, input.alarms);
  if (alarm === null) return { waiting: null, until };
  return { waiting: { reason: 'alarm', until: null, detail: alarm }, until };
}

/** How its calendars stand, whatever else holds it. */
export function calendarStanding(
  { calendarNames }: Pick<Gated, 'calendarNames'>,
  { calendars }: Pick<GateInput, 'calendars'>,
  at: Instant,
): CalendarStanding | null {
  if (calendarNames.length === 0) return null;
  const named = calendarsNamed(calendarNames, calendars);
  const { open, until, isChange, alerts } = calendarGate(named, at);
  return { state: open ? 'OPEN' : 'CLOSED', nextTransition: isChange ? until : null, alerts };
}

/** The next instant at which time may change what its suspend or its calendars say, each for itself; null: never. */
export function nextLook(
  { calendarNames, suspend }: Gated,
  { calendars }: Pick<GateInput, 'calendars'>,
  now: Instant,
): Instant | null {
  const { until } = calendarGate(calendarsNamed(calendarNames, calendars), now);
  if (suspend === null || suspend.until <= now) return until;
  return until === null || suspend.until < until ? suspend.until : until;
}

/**
 * OK and INSUFFICIENT_DATA let work go on; what cannot be read stops it unless the author says otherwise (SSM API,
 * AlarmConfiguration). Null: go on.
 */
function ringing({ alarm }: Gated, alarms: GateInput['alarms']): string | null {
  if (alarm === null) return null;
  const state = alarms.get(alarm.name) ?? 'UNKNOWN';
  if (state === 'ALARM') return `${alarm.name} is in state ALARM`;
  if (state === 'UNKNOWN' && !alarm.ignorePollFailure) return `${alarm.name} cannot be read`;
  return null;
}

/**
 * A slot of an association that is suspended or behind a closed calendar opens nothing: that interval is not applied and
 * the next one is tried (SSM user guide, "About State Manager associations"). An alarm only makes runs wait.
 */
export function skipAt(association: Gated, input: GateInput, slot: Instant): Skip | null {
  const { waiting } = gateOf({ ...association, alarm: null }, input, slot);
  if (waiting?.reason !== 'suspended' && waiting?.reason !== 'calendar') return null;
  return { ...waiting, reason: waiting.reason };
}

/** `until`: when the gate that keeps a slot from opening may open. */
export type Skip = Waiting & { readonly reason: SkipReason; readonly detail: string };
