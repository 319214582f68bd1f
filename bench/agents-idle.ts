/**
 * Memory of a daemon that holds N connected, idle agents (TLS 1.3, WebSocket), against the same process holding none. Contract
 * §10: 10,000 within 1 GiB. Usage: node --import tsx bench/agents-idle.ts [COUNT, default 2000] [--json]; 10,000 need `ulimit -n 24000`.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { connectClients, listen } from './protocol-clients.ts';

const count = Number(process.argv[2] ?? 2_000) || 2_000;
const budgetMiB = 1_024 * (count / 10_000);
const rssMiB = (): number => process.memoryUsage().rss / 1024 / 1024;

const server = await listen(() => undefined);
const emptyMiB = rssMiB();
const begin = performance.now();
const clients = await connectClients(server, count);
const connectMs = performance.now() - begin;
await delay(3_000);
const cpu = process.cpuUsage();
await delay(5_000);
const { user, system } = process.cpuUsage(cpu);
const heldMiB = rssMiB();
await clients.stop();
await server.close();

const figures = {
  count,
  emptyMiB,
  heldMiB,
  kibPerAgent: ((heldMiB - emptyMiB) * 1024) / count,
  connectsPerSecond: count / (connectMs / 1000),
  idleCpuPercent: (user + system) / 5e6 / 0.01,
  ratio: heldMiB / budgetMiB,
};
if (process.argv.includes('--json'))
  console.log(JSON.stringify({ bench: 'agents-idle', ...figures }));
else {
  console.log(
    `${count} idle agents: ${heldMiB.toFixed(0)} MiB (${emptyMiB.toFixed(0)} with none, ` +
      `${figures.kibPerAgent.toFixed(0)} KiB each), ${figures.connectsPerSecond.toFixed(0)} connects/s, ` +
      `${figures.idleCpuPercent.toFixed(1)} % of a core; ratio to the share of 1 GiB: ${figures.ratio.toFixed(2)}`,
  );
}
