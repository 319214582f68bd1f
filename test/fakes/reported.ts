/** The files of a report as piecemeal writing leaves them, beside what writing everything would say now. */
import assert from 'node:assert/strict';
import { assess } from '../../src/core/compliance/assess.ts';
import type { Instant } from '../../src/core/model/brand.ts';
import { reportFiles } from '../../src/core/report/report-files.ts';
import type { ReportView } from '../../src/core/report/view.ts';
import { boundWaiting, waitingOf } from '../../src/core/world/waiting.ts';
import type { World } from '../../src/core/world/world.ts';

export class Reported {
  readonly files = new Map<string, string>();

  /** Writes what is marked, takes the marks away, and compares with everything. */
  write(world: World, now: Instant): void {
    const { dirty } = world;
    if (world.revision === null) return;
    const view = viewOf(world, now);
    const { nodes, associations, fleet, all } = dirty;
    if (all) this.files.clear(); // the branch is then exactly what is written, as after a restart
    if (nodes.size > 0 || associations.size > 0 || fleet || all) {
      this.#put(reportFiles(view, { nodes, associations, endedExecutions: [], all, existing }));
    }
    nodes.clear();
    associations.clear();
    Object.assign(dirty, { fleet: false, all: false });
    const whole = new Reported();
    whole.#put(
      reportFiles(view, { nodes, associations, endedExecutions: [], all: true, existing }),
    );
    assert.deepEqual(
      Object.fromEntries(this.files),
      Object.fromEntries(whole.files),
      'what is written piece by piece is what would be written at once',
    );
  }

  #put(files: ReadonlyMap<string, string | null>): void {
    for (const [path, text] of files) {
      if (text === null) this.files.delete(path);
      else this.files.set(path, text);
    }
  }
}

const existing = (): null => null;

function viewOf(world: World, now: Instant): ReportView {
  const { state, fleet, revision } = world;
  assert.ok(revision !== null, 'a report speaks of a revision');
  return {
    state,
    catalog: revision.catalog,
    definitions: revision.definitions,
    nodes: fleet.nodes,
    standings: assess({
      now,
      state,
      definitions: revision.definitions,
      nodes: fleet.nodes,
      boundWaiting: (name) => boundWaiting(world, name),
      waitingOf: (execution, run) => waitingOf(world, execution, run),
      calendarOf: (name) => world.calendarOf(name),
    }),
    plan: null,
    foreignPaths: [],
    contested: false,
    sign: () => '',
  };
}
