/** A forecast as a calendar that a person reads: what fires all day long once, then day by day, then what will not run. */
import type {
  AssociationForecast,
  ForecastRun,
  ForecastSkip,
} from '../../core/forecast/forecast.ts';
import { TIMES_MAX } from '../../core/forecast/forecast.ts';
import { localTime } from '../../core/forecast/local-time.ts';
import type { Instant } from '../../core/model/brand.ts';
import { visibleLine } from '../../core/report/escape.ts';
import type { Painter } from '../../core/report/text.ts';
import { counted, shortId, waitingWords } from '../../core/report/words.ts';
import { problemText } from '../problem-text.ts';
import type { NamedForecast } from './named-forecast.ts';

const NAME_WIDTH_MAX = 40;
/** Held-up slots, and associations without a run, that are named. */
const LISTED_MAX = 50;

type About = ReadonlyMap<string, AssociationForecast>;
type Desk = {
  readonly zone: string;
  readonly paint: Painter;
  readonly about: About;
  /** Associations that fire more often in a day than its entry names times. */
  readonly often: ReadonlySet<string>;
};

/** `named.forecast` is folded by days of `named.zone`. */
export function forecastText(named: NamedForecast, paint: Painter): string {
  const { forecast, zone, problems } = named;
  const { associations, runs } = forecast;
  const about: About = new Map(associations.map((each) => [each.association, each]));
  const often = new Set(
    runs.filter(({ count }) => count > TIMES_MAX).map(({ association }) => association),
  );
  const desk: Desk = { zone, paint, about, often };
  const blocks = [
    headline(named, desk),
    pausedLine(named, desk),
    oftenBlock(desk),
    ...dayBlocks(runs, desk),
    cutLine(named, desk),
    skippedBlock(named, desk),
    idleBlock(desk),
    problems.length === 0 ? '' : problemText([...problems], paint),
  ];
  return `${blocks
    .filter((block) => block !== '')
    .map((block) => block.trimEnd())
    .join('\n\n')}\n`;
}

function headline({ forecast, base, head }: NamedForecast, { zone, paint }: Desk): string {
  const { from, until, associations, countedUntil } = forecast;
  const total = associations.reduce((sum, { runs }) => sum + runs, 0);
  const more = countedUntil === until ? '' : 'more than ';
  const sides = `${base === null ? 'nothing applied yet' : shortId(base)} → ${head === null ? 'files on disk' : shortId(head)}`;
  return (
    `${paint.bold(sides)}\n` +
    `${moment(from, zone)} to ${moment(until, zone)}, ${zone}: ` +
    `${more}${counted(total, 'run')} of ${counted(associations.length, 'association')}`
  );
}

const pausedLine = ({ paused }: NamedForecast, { paint, zone }: Desk): string =>
  paused === null
    ? ''
    : paint.warn(
        `Paused by ${visibleLine(paused.by)} since ${moment(paused.at, zone)}: nothing starts until it is resumed`,
      );

function oftenBlock({ about, often, paint }: Desk): string {
  const all = [...about.values()].filter(({ association }) => often.has(association));
  if (all.length === 0) return '';
  const rows = all.map((each) => [
    each.association,
    each.schedule ?? '',
    counted(each.nodes, 'node'),
    counted(each.runs, 'run'),
  ]);
  return [paint.bold('Many times a day'), ...table(rows)].join('\n');
}

function dayBlocks(runs: readonly ForecastRun[], desk: Desk): readonly string[] {
  const days = new Map<number, ForecastRun[]>();
  for (const run of runs) {
    if (run.isSlot && desk.often.has(run.association)) continue;
    const { day } = localTime(run.at, desk.zone);
    const known = days.get(day);
    if (known === undefined) days.set(day, [run]);
    else known.push(run);
  }
  return [...days.values()].map((entries) => {
    const { weekday, date } = localTime(entries[0]?.at ?? (0 as Instant), desk.zone);
    return [
      desk.paint.bold(`${weekday} ${date}`),
      ...table(entries.map((run) => runCells(run, desk))),
    ].join('\n');
  });
}

function runCells(run: ForecastRun, { zone, about }: Desk): readonly string[] {
  const times = run.times.map((at) => localTime(at, zone).time);
  const own = about.get(run.association)?.timezone ?? zone;
  const why = [
    ...(run.isSlot && run.reason === 'due' ? [] : [run.reason]),
    ...(run.ring === null ? [] : [`ring ${run.ring}`]),
    ...(run.isSlot ? elsewhere(run, own, zone) : []),
  ];
  return [
    `${run.estimated ? 'about ' : ''}${times.join(', ')}`,
    run.association,
    counted(run.nodes, 'node'),
    why.join(', '),
  ];
}

/** What the clock shows where the schedule was written, if that is another clock. */
function elsewhere({ times }: ForecastRun, own: string, zone: string): readonly string[] {
  const differs = times.some((at) => localTime(at, own).offset !== localTime(at, zone).offset);
  if (!differs || own === 'UTC') return [];
  return [`${times.map((at) => localTime(at, own).time).join(', ')} ${own}`];
}

function cutLine({ forecast }: NamedForecast, { paint, zone }: Desk): string {
  const { completeUntil, until } = forecast;
  if (completeUntil === until) return '';
  return paint.warn(
    `Complete until ${moment(completeUntil, zone)} only: name an --association or a --node, or raise --limit`,
  );
}

function skippedBlock({ forecast }: NamedForecast, { paint, zone }: Desk): string {
  const { skipped } = forecast;
  if (skipped.length === 0) return '';
  const rows = skipped.slice(0, LISTED_MAX).map((skip) => skipCells(skip, zone));
  const more = skipped.length > LISTED_MAX ? [`  … and ${skipped.length - LISTED_MAX} more`] : [];
  return [paint.bold('Held up'), ...table(rows), ...more].join('\n');
}

function skipCells(skip: ForecastSkip, zone: string): readonly string[] {
  const span = skip.slots === 1 ? '' : ` to ${moment(skip.last, zone)} (${skip.slots} times)`;
  const until = skip.until === null ? '' : `, until ${moment(skip.until, zone)}`;
  const why = [
    ...(skip.reason === 'missed' ? [] : [waitingWords[skip.reason]]),
    ...(skip.detail === '' ? [] : [skip.detail]),
  ].join(': ');
  return [`${moment(skip.at, zone)}${span}`, skip.association, `${why}${until}`];
}

function idleBlock({ about, paint }: Desk): string {
  const idle = [...about.values()].filter(({ runs, skipped }) => runs + skipped === 0);
  if (idle.length === 0) return '';
  const rows = idle
    .slice(0, LISTED_MAX)
    .map((each) => [each.association, counted(each.nodes, 'node'), each.schedule ?? 'no schedule']);
  const more = idle.length > LISTED_MAX ? [`  … and ${idle.length - LISTED_MAX} more`] : [];
  return [paint.bold('No run in this window'), ...table(rows), ...more].join('\n');
}

/** `Fri 2026-05-01 12:00`. */
function moment(at: Instant, zone: string): string {
  const { weekday, date, time } = localTime(at, zone);
  return `${weekday.slice(0, 3)} ${date} ${time}`;
}

function table(rows: readonly (readonly string[])[]): readonly string[] {
  const shown = rows.map((row) => row.map(visibleLine));
  const widths = (shown[0] ?? []).map((_, at) =>
    Math.min(Math.max(...shown.map((row) => (row[at] ?? '').length)), NAME_WIDTH_MAX),
  );
  return shown.map((row) =>
    `  ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ')}`.trimEnd(),
  );
}
