/** What holds an association back that people decided or have to decide about: its suspend, and how its rollout stands. */
import type { Association, Ring } from '../model/association.ts';
import type { AssociationName } from '../model/brand.ts';
import { formatInstant } from '../model/brand.ts';
import type { CalendarStanding } from '../model/standing.ts';
import type { RolloutState } from '../model/state.ts';
import { describeTarget } from '../selector/target.ts';
import { code, prose } from './escape.ts';
import type { ReportView } from './view.ts';
import { counted } from './words.ts';

type Fields = { readonly [key: string]: unknown };

type Held = {
  readonly association: Association | undefined;
  readonly rollout: RolloutState | null;
  readonly suspendExpired: boolean;
  readonly calendar: CalendarStanding | null;
};

function heldOf(view: ReportView, name: AssociationName): Held {
  return {
    association: view.definitions.get(name)?.association,
    rollout: view.state.associations.get(name)?.rollout ?? null,
    suspendExpired: view.standings.associations.get(name)?.suspendExpired === true,
    calendar: view.standings.associations.get(name)?.calendar ?? null,
  };
}

/** A few words for the table of all associations; null when nothing holds it. */
export function holdNote(view: ReportView, name: AssociationName): string | null {
  const { association, rollout, suspendExpired } = heldOf(view, name);
  if (rollout !== null && rollout.halted !== null) return 'rollout halted';
  if (suspendExpired) return 'suspend expired';
  if (association !== undefined && association.suspend !== null) return 'suspended';
  const waiting = view.standings.associations.get(name)?.waiting;
  for (const reason of noteworthy) if (waiting?.has(reason) === true) return notes[reason];
  if (rollout === null || association === undefined) return null;
  const state = rollout.passedAt === null ? 'runs' : 'soaks';
  return `ring ${rollout.ring + 1} of ${association.rings.length + 1} ${state}`;
}

/** What holds it as a whole: what a person may want to end, then what ends by itself. */
const noteworthy = ['calendar', 'alarm', 'error-threshold', 'schedule'] as const;
const notes: { readonly [reason in (typeof noteworthy)[number]]: string } = {
  calendar: 'calendar closed',
  alarm: 'alarm',
  'error-threshold': 'stopped at MaxErrors',
  schedule: 'its slot has not come',
};

/** Paragraphs of the association's page. */
export function holdBlocks(view: ReportView, name: AssociationName): string[] {
  const { association, rollout, suspendExpired } = heldOf(view, name);
  const blocks: string[] = [];
  if (association !== undefined && association.suspend !== null) {
    const { reason, owner, until } = association.suspend;
    const words = suspendExpired ? '⏰ **Its suspend is over** since' : '⏸️ **Suspended** until';
    const advice = suspendExpired ? ' Remove it from the file.' : '';
    blocks.push(
      `${words} ${code(formatInstant(until))} by ${code(owner)}: ${prose(reason)}.${advice}`,
    );
  }
  if (rollout !== null && rollout.halted !== null) {
    const { ring, failures, at } = rollout.halted;
    blocks.push(
      `🛑 **Rollout halted** at ${code(formatInstant(at))} after ${counted(failures, 'failure')} in ring ${ring + 1}: no further node takes this version until a commit changes the association or \`reconciled resume\`.`,
    );
  }
  return blocks;
}

/** Lines of the association's page about what it waits for. */
export function holdFacts(view: ReportView, name: AssociationName): string[] {
  const { association, rollout, calendar } = heldOf(view, name);
  if (association === undefined) return [];
  const { alarm, calendarNames, dependsOn, rings } = association;
  return [
    ...(dependsOn.length === 0 ? [] : [`- **Depends on** ${dependsOn.map(code).join(', ')}`]),
    ...(calendarNames.length === 0
      ? []
      : [`- **Calendars** ${calendarNames.map(code).join(', ')}${calendarWords(calendar)}`]),
    ...(alarm === null ? [] : [`- **Alarm** ${code(alarm.name)}`]),
    ...(rings.length === 0
      ? []
      : [`- **Rings** ${[...rings.map(ringWords), 'the rest'].join(' → ')}${where(rollout)}`]),
  ];
}

/** Moves at a transition only: who of several is closed may change in between, and is not told. */
function calendarWords(calendar: CalendarStanding | null): string {
  if (calendar === null) return '';
  const { state, nextTransition, alerts } = calendar;
  const until = nextTransition === null ? '' : ` until ${code(formatInstant(nextTransition))}`;
  return [`: ${state}${until}`, ...alerts.map(prose)].join('; ');
}

const ringWords = ({ name, targets, soakMs }: Ring): string =>
  [
    ...(name === null ? [] : [prose(name)]),
    targets.map((target) => code(describeTarget(target))).join(' and '),
    ...(soakMs === 0 ? [] : [`(soaks ${soakMs / 60_000} min)`]),
  ].join(' ');

function where(rollout: RolloutState | null): string {
  if (rollout === null) return '; everywhere';
  const { ring, passedAt } = rollout;
  return `; ring ${ring + 1} ${passedAt === null ? 'runs' : `soaks since ${code(formatInstant(passedAt))}`}`;
}

/** For `status.json`. */
export function holdFields(view: ReportView, name: AssociationName): Fields {
  const { association, rollout, suspendExpired, calendar } = heldOf(view, name);
  if (association === undefined) return {};
  const { alarm, calendarNames, dependsOn, suspend } = association;
  return {
    ...(alarm === null
      ? {}
      : {
          AlarmConfiguration: {
            Alarms: [{ Name: alarm.name }],
            IgnorePollAlarmFailure: alarm.ignorePollFailure,
          },
        }),
    ...(calendarNames.length === 0 ? {} : { CalendarNames: calendarNames }),
    ...(calendar === null ? {} : { CalendarState: calendarFields(calendar) }),
    ...(dependsOn.length === 0 ? {} : { DependsOn: dependsOn }),
    ...(suspend === null
      ? {}
      : {
          Suspend: {
            Reason: suspend.reason,
            Owner: suspend.owner,
            Until: formatInstant(suspend.until),
            Expired: suspendExpired,
          },
        }),
    ...(association.rings.length === 0
      ? {}
      : { Rollout: rolloutFields(rollout, association.rings.length + 1) }),
  };
}

/** As `GetCalendarState` answers. */
const calendarFields = ({ state, nextTransition }: CalendarStanding): Fields => ({
  State: state,
  ...(nextTransition === null ? {} : { NextTransitionTime: formatInstant(nextTransition) }),
});

function rolloutFields(rollout: RolloutState | null, rings: number): Fields {
  if (rollout === null) return { State: 'Complete', Rings: rings };
  const { ring, passedAt, halted } = rollout;
  return {
    State: halted !== null ? 'Halted' : passedAt === null ? 'Running' : 'Soaking',
    Ring: ring + 1,
    Rings: rings,
    ...(passedAt === null ? {} : { PassedAt: formatInstant(passedAt) }),
    ...(halted === null
      ? {}
      : {
          Halted: {
            Ring: halted.ring + 1,
            Failures: halted.failures,
            At: formatInstant(halted.at),
          },
        }),
  };
}
