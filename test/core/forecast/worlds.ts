/** A world before a revision, and what is foretold of it. */
import { nodesOf } from '../../../src/core/enrol/nodes.ts';
import type { Forecast, ForecastOptions } from '../../../src/core/forecast/forecast.ts';
import { forecast } from '../../../src/core/forecast/forecast.ts';
import type { Upcoming } from '../../../src/core/forecast/timeline.ts';
import { instant } from '../../../src/core/model/brand.ts';
import type { LoadedRevision } from '../../../src/core/world/events.ts';
import { createFleet } from '../../../src/core/world/fleet.ts';
import type { Question } from '../../../src/core/world/upcoming.ts';
import { upcomingOf } from '../../../src/core/world/upcoming.ts';
import type { TestFleet } from '../../fakes/fleet.ts';

export const HOUR = 3_600_000;

/** Everything that comes of `loaded`, were it accepted now. */
export function upcomingIn(
  { world, now }: TestFleet,
  loaded: LoadedRevision,
  asked: Partial<Question> = {},
): readonly Upcoming[] {
  const fleet = createFleet(nodesOf(loaded.catalog, world.state));
  return upcomingOf(world, loaded, fleet, {
    from: now,
    associations: null,
    nodes: null,
    earlierSlots: 'owed',
    ...asked,
  });
}

export function foretell(
  fleet: TestFleet,
  loaded: LoadedRevision,
  hours: number,
  of: { readonly asked?: Partial<Question>; readonly options?: Partial<ForecastOptions> } = {},
): Forecast {
  const from = fleet.now;
  return forecast(upcomingIn(fleet, loaded, of.asked), {
    from,
    until: instant(from + hours * HOUR),
    runsMax: 100_000,
    dayOf: null,
    ...of.options,
  });
}

/** `2026-03-01T12:00 create aaa on 3`. */
export const shownRuns = ({ runs }: Forecast): readonly string[] =>
  runs.map(
    ({ at, trigger, association, nodes }) =>
      `${new Date(at).toISOString().slice(0, 16)} ${trigger} ${association} on ${nodes}`,
  );
