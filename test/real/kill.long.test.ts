import { test } from 'node:test';
import { killLoop } from './kill-loop.ts';

const kills = Number(process.env['KILLS'] ?? '20');

test('twenty kills each of daemon and agents in rollouts: nothing twice, nothing lost, the same end', async (t) => {
  t.diagnostic(JSON.stringify(await killLoop({ daemon: kills, agents: kills })));
});
