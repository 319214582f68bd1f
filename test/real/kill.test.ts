import { test } from 'node:test';
import { killLoop } from './kill-loop.ts';

test('kill -9 of daemon and agents in a rollout: no run starts twice, each is accounted for once', async (t) => {
  t.diagnostic(JSON.stringify(await killLoop({ daemon: 3, agents: 3 })));
});
