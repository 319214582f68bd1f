/** The whole status branch of a small fleet, as its daemon would write it now. */
import { digestOf } from '../../src/core/canonical/digest.ts';
import { assess } from '../../src/core/compliance/assess.ts';
import { present } from '../../src/core/model/errors.ts';
import { reportFiles } from '../../src/core/report/report-files.ts';
import { boundWaiting, waitingOf } from '../../src/core/world/waiting.ts';
import { lastPlanReport } from '../../src/reconcile/last-plan.ts';
import type { TestFleet } from './fleet.ts';

export function statusFilesOf({ world, now }: TestFleet): ReadonlyMap<string, string> {
  const revision = present(world.revision, 'the revision is in force');
  const files = reportFiles(
    {
      state: world.state,
      catalog: revision.catalog,
      definitions: revision.definitions,
      nodes: world.fleet.nodes,
      standings: assess({
        now,
        state: world.state,
        definitions: revision.definitions,
        nodes: world.fleet.nodes,
        boundWaiting: (association) => boundWaiting(world, association),
        waitingOf: (execution, run) => waitingOf(world, execution, run),
        calendarOf: (name) => world.calendarOf(name),
      }),
      plan: lastPlanReport(world),
      foreignPaths: [],
      contested: false,
      sign: (text) => digestOf(text),
    },
    {
      nodes: [],
      associations: [],
      endedExecutions: world.dirty.ended,
      all: true,
      existing: () => null,
    },
  );
  return new Map(
    [...files].flatMap(([path, text]) => (text === null ? [] : [[path, text] as const])),
  );
}
