import assert from 'node:assert/strict';
import test from 'node:test';
import { hello, MINUTE, node, revision, TestFleet } from '../../fakes/fleet.ts';

const phaseOf = (fleet: TestFleet): string | undefined =>
  fleet.executions()[0]?.runs.get(node(1))?.phase;

for (const { name, says, minutes, phase } of [
  {
    name: 'a node that restarts at the request of its run',
    says: true,
    minutes: 14,
    phase: 'Started',
  },
  {
    name: 'one that stays away for a quarter of an hour',
    says: true,
    minutes: 16,
    phase: 'Unreachable',
  },
  { name: 'one that vanishes without a word', says: false, minutes: 14, phase: 'Unreachable' },
])
  test(`${name} is ${phase} after ${minutes} minutes`, () => {
    const fleet = new TestFleet().accept(revision(1, { motd: {} })).connect(1);
    const [job] = fleet.takeJobs();
    assert.ok(job !== undefined);
    fleet.start(job);
    if (says) fleet.happen({ kind: 'rebooting', node: job.node, run: job.run });
    fleet.happen({ kind: 'disconnected', node: job.node });
    fleet.after(minutes * MINUTE);
    assert.equal(phaseOf(fleet), phase);
    const claim = { running: job.run, startedAt: fleet.now };
    fleet.happen({ kind: 'connected', node: job.node, hello: { ...hello(), ...claim } });
    assert.equal(phaseOf(fleet), 'Started');
    fleet.finish(job);
    assert.equal(phaseOf(fleet), 'Done');
  });
