/** A forecast for programs (contract §8; `schemas/forecast.schema.json`): one row per line, so that it streams and diffs. */
import type { Forecast, ForecastRun, ForecastSkip } from '../../core/forecast/forecast.ts';
import { localInstant } from '../../core/forecast/local-time.ts';
import type { Instant } from '../../core/model/brand.ts';
import { formatInstant } from '../../core/model/brand.ts';
import { linedText, written } from '../../core/report/lined-json.ts';
import type { NamedForecast } from './named-forecast.ts';

export function forecastJson({ forecast, base, head, paused, problems }: NamedForecast): string {
  const { from, until, runs, completeUntil, skipped, skippedComplete, countedUntil } = forecast;
  const zoneOf = zonesOf(forecast);
  const values = written({
    base,
    head,
    from: formatInstant(from),
    until: formatInstant(until),
    completeUntil: formatInstant(completeUntil),
    skipped: skipped.map((skip) => skipRow(skip, zoneOf(skip.association))),
    skippedComplete,
    associations: forecast.associations.map((each) => ({
      ...each,
      anchor: formatInstant(each.anchor),
      first: each.first === null ? null : formatInstant(each.first),
      last: each.last === null ? null : formatInstant(each.last),
    })),
    countedUntil: formatInstant(countedUntil),
    paused: paused === null ? null : { by: paused.by, at: formatInstant(paused.at) },
    problems,
  });
  return linedText(new Map([...values, ['runs', runs.map(rowWriter(zoneOf))]]));
}

function zonesOf({ associations }: Forecast): (association: string) => string {
  const zones = new Map<string, string>(
    associations.map(({ association, timezone }) => [association, timezone]),
  );
  return (association) => zones.get(association) ?? 'UTC';
}

const placed = (at: Instant, timezone: string) => ({
  at: formatInstant(at),
  localTime: localInstant(at, timezone),
  timezone,
});

/**
 * Canonical JSON, written by hand: there are up to a hundred thousand of them, in time order, and many share an instant and a
 * zone, which are spelled once. Names and zones need no escapes.
 */
function rowWriter(zoneOf: (association: string) => string): (run: ForecastRun) => string {
  let spelledAt: Instant | null = null;
  let utc = '';
  const locals = new Map<string, string>();
  return (run) => {
    const { at, association, nodes, trigger, reason, ring, estimated } = run;
    if (at !== spelledAt) {
      spelledAt = at;
      utc = formatInstant(at);
      locals.clear();
    }
    const timezone = zoneOf(association);
    const local = locals.get(timezone) ?? localInstant(at, timezone);
    locals.set(timezone, local);
    const more = estimated ? '"estimated":true,' : '';
    const inRing = ring === null ? '' : `"ring":${JSON.stringify(ring)},`;
    return (
      `{"association":"${association}","at":"${utc}",${more}"localTime":"${local}",` +
      `"nodes":${nodes},"reason":${JSON.stringify(reason)},${inRing}"timezone":"${timezone}","trigger":"${trigger}"}`
    );
  };
}

const skipRow = (
  { at, association, reason, until, detail, slots, last }: ForecastSkip,
  timezone: string,
) => ({
  ...placed(at, timezone),
  association,
  reason,
  until: until === null ? null : formatInstant(until),
  detail,
  slots,
  last: formatInstant(last),
});
