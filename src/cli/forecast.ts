import { nearest } from '../core/document/nearest.ts';
import { findNode } from '../core/enrol/find.ts';
import type { ForecastOptions } from '../core/forecast/forecast.ts';
import { forecast } from '../core/forecast/forecast.ts';
import { forecastCalendar } from '../core/forecast/ics.ts';
import { localDay } from '../core/forecast/local-time.ts';
import { parseDuration } from '../core/load/duration.ts';
import type { AssociationName, Instant, NodeId } from '../core/model/brand.ts';
import { instant, parseInstant } from '../core/model/brand.ts';
import { ReconcileError } from '../core/model/errors.ts';
import { openZone } from '../core/schedule/zone.ts';
import { nearestZoneName } from '../core/schedule/zone-names.ts';
import { upcomingOf } from '../core/world/upcoming.ts';
import type { Call, Command, Context } from './command.ts';
import { FORMAT, usage } from './command.ts';
import { EXIT } from './exit.ts';
import { forecastJson } from './forecast/forecast-json.ts';
import { forecastText } from './forecast/forecast-text.ts';
import type { NamedForecast } from './forecast/named-forecast.ts';
import { openStatus } from './open-status.ts';
import type { Sides } from './plan/offline-plan.ts';
import { openSides } from './plan/offline-plan.ts';
import { painterFor } from './print.ts';

/** Entries at most, unless --limit says otherwise: a person reads a page or two, a program 20 MB. */
const LIMITS: { readonly [format: string]: number } = { text: 1_000, ics: 10_000, json: 100_000 };

export const command: Command = {
  arguments: [{ syntax: '[dir]', about: 'the repository; the current folder by default' }],
  flags: [
    { syntax: '--from <instant>', about: 'where the window begins, RFC 3339; else now' },
    {
      syntax: '--until <when>',
      about: 'where it ends: an instant, or how long it is, such as 12h or 30d',
      fallback: '7d',
    },
    { syntax: '--node <node>', about: 'runs on this node only, by id or name', many: true },
    { syntax: '--association <name>', about: 'runs of this association only', many: true },
    { syntax: '--rev <revision>', about: 'of this revision; else the files as they lie on disk' },
    {
      syntax: '--status <ref-or-dir>',
      about: 'the fleet as last seen; else the usual status branch',
    },
    {
      syntax: '--timezone <zone>',
      about: 'whose days and hours text and ics show; else that of reconciled.yaml',
    },
    { syntax: '--limit <n>', about: 'entries at most; 1000 of text, 10000 of ics, 100000 of json' },
    FORMAT('json', 'ics'),
  ],
  examples: [
    'reconciled forecast',
    'reconciled forecast fleet --until 30d --node web-1',
    'reconciled forecast fleet --rev feature --status origin/reconciled/status --association nightly',
    'reconciled forecast fleet --until 60d --format ics > fleet.ics   # to subscribe to',
  ],
  async run(call, context) {
    const dir = call.args[0] ?? '.';
    const window = windowOf(call);
    const limit = limitOf(call);
    const sides = await openSides(
      {
        dir,
        base: null,
        head: call.given('rev'),
        status: await openStatus(dir, call.given('status')),
        now: window.from,
      },
      context.signal,
    );
    const zone = zoneOf(call, sides);
    const options: ForecastOptions = {
      ...window,
      runsMax: limit,
      dayOf: call.text('format') === 'json' ? null : (at) => localDay(at, zone),
    };
    const named = nameForecast(sides, questionOf(call, sides), options, zone);
    context.stdout.write(printed(named, call, context));
    return named.problems.length > 0 ? EXIT.invalid : EXIT.done;
  },
};

type Window = { readonly from: Instant; readonly until: Instant };

function windowOf(call: Call): Window {
  const from = fromOf(call);
  const text = call.text('until');
  const lengthMs = parseDuration(text);
  const until = lengthMs === null ? parseInstant(text) : instant(from + lengthMs);
  if (until === null) {
    throw usage('--until is an instant with a zone, such as 2026-01-31T12:00:00Z, or a length: 7d');
  }
  if (until <= from) throw usage('--until lies before --from');
  if (until > LATEST) throw usage('--until lies after the year 2199, where schedules end');
  return { from, until };
}

/** The last year that a schedule can name. */
const LATEST = Date.UTC(2200, 0, 1);

function fromOf(call: Call): Instant {
  const text = call.given('from');
  if (text === null) return instant(Math.floor(Date.now() / 1000) * 1000);
  const from = parseInstant(text);
  if (from === null) throw usage('--from is an instant with a zone, such as 2026-01-31T12:00:00Z');
  return from;
}

function limitOf(call: Call): number {
  const text = call.given('limit');
  if (text === null) return LIMITS[call.text('format')] ?? 1_000;
  if (!/^[1-9]\d{0,6}$/.test(text)) throw usage('--limit is a number from 1 to 9999999');
  return Number(text);
}

function zoneOf(call: Call, { catalog }: Sides): string {
  const asked = call.given('timezone');
  const zone = openZone(asked ?? catalog.settings.defaults.timezone);
  if (zone !== null) return zone.name;
  const near = nearestZoneName(asked ?? '');
  throw usage(`--timezone is an IANA name${near === null ? '' : `, such as ${near}`}`);
}

type Asked = {
  readonly associations: ReadonlySet<AssociationName> | null;
  readonly nodes: ReadonlySet<NodeId> | null;
};

function questionOf(call: Call, { definitions, fleet }: Sides): Asked {
  const associations = call.list('association').map((text) => {
    const name = [...definitions.keys()].find((each) => each === text);
    if (name !== undefined) return name;
    const near = nearest(text, definitions.keys());
    throw unknown(
      'UNKNOWN_ASSOCIATION',
      `no association is called ${JSON.stringify(text)}${near === null ? '' : `; nearest is ${near}`}`,
    );
  });
  const nodes = call.list('node').map((text) => {
    const found = findNode(fleet.nodes, text);
    if (found.ok) return found.value.id;
    throw unknown('UNKNOWN_NODE', found.error);
  });
  return {
    associations: associations.length === 0 ? null : new Set(associations),
    nodes: nodes.length === 0 ? null : new Set(nodes),
  };
}

const unknown = (code: string, message: string): ReconcileError =>
  new ReconcileError(code, message, { retry: 'never' });

function nameForecast(
  { baseline, head, catalog, definitions, fleet }: Sides,
  asked: Asked,
  options: ForecastOptions,
  zone: string,
): NamedForecast {
  const { world, commit } = baseline;
  const upcoming = upcomingOf(world, { catalog, definitions }, fleet, {
    ...asked,
    from: options.from,
    earlierSlots: 'fired',
  });
  return {
    forecast: forecast(upcoming, options),
    base: commit,
    head,
    zone,
    instance: world.state.instance?.name ?? '',
    paused: world.state.paused,
    problems: catalog.problems.filter(({ severity }) => severity === 'error'),
  };
}

function printed(named: NamedForecast, call: Call, { stdout, env }: Context): string {
  switch (call.text('format')) {
    case 'json':
      return forecastJson(named);
    case 'ics':
      return forecastCalendar(named.forecast, named);
    default:
      return forecastText(named, painterFor(stdout, env));
  }
}
