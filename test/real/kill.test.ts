import assert from 'node:assert/strict';
import { test } from 'node:test';
import { association, mark, script } from './files.ts';
import { openFleet } from './fleet.ts';
import { killLoop, killSupervisors } from './kill-loop.ts';

test('kill -9 of daemon and agents in a rollout: no run starts twice, each is accounted for once', async (t) => {
  t.diagnostic(JSON.stringify(await killLoop({ daemon: 3, agents: 3 })));
});

test('a step that outlived its agent ends as it ended; one that was cut is Interrupted and says so', async (t) => {
  const fleet = await openFleet({
    files: {
      ...script('Slow', [mark('slow', 'begun'), 'sleep 2', 'echo my own end >&2', 'exit 3']),
      ...association('slow', { Name: 'Slow', MaxErrors: '100%' }),
    },
    nodes: { survivor: {}, cut: {} },
  });
  t.after(() => fleet.close());
  const nodes = ['survivor', 'cut'] as const;
  await fleet.until(
    () => nodes.every((name) => fleet.lines(name, 'slow').length === 1),
    'both run',
  );
  await Promise.all(nodes.map((name) => fleet.agent(name).kill()));
  const hit = new Set<string>();
  killSupervisors(fleet, 'cut', hit);
  assert.equal(hit.size, 1);
  for (const name of nodes) fleet.startAgent(name);

  await fleet.until(
    () => nodes.every((name) => fleet.line(name, 'slow')?.Status === 'Failed'),
    'both are accounted for',
  );
  const [survivor, cut] = nodes.map((name) => fleet.line(name, 'slow'));
  assert.equal(survivor?.ExitCode, 3);
  assert.match(survivor.OutputTail ?? '', /my own end/);
  assert.equal(cut?.DetailedStatus, 'Interrupted');
  for (const name of nodes) assert.equal(fleet.lines(name, 'slow').length, 1, 'no second start');
});
