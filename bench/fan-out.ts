/**
 * A signed job of 4 KiB each to 1,000 connected agents, verified and answered: from the first signature to each answer, against
 * the same exchange of unsigned messages of the same size. Contract §10 gives commit → last start 2 s; this is the part on
 * the wire. Usage: node --import tsx bench/fan-out.ts [COUNT, default 1000] [--json]
 */
import { digestOf } from '../src/core/canonical/digest.ts';
import { shortHash } from '../src/core/canonical/identity.ts';
import type { NodeId } from '../src/core/model/brand.ts';
import { associationName, executionId, instant, runId } from '../src/core/model/brand.ts';
import type { ServerMessage } from '../src/protocol/messages.ts';
import { sealJob } from '../src/protocol/sign.ts';
import { connectClients, daemon, listen } from './protocol-clients.ts';

const count = Number(process.argv[2] ?? 1_000) || 1_000;
const rounds = 5;
/** Between waves the answers are read. */
const wave = 200;

const nodes = new Set<NodeId>();
let answered: () => void = () => undefined;
const server = await listen((event) => {
  if (event.kind === 'connected') nodes.add(event.node);
  if (event.kind === 'message') answered();
});
const clients = await connectClients(server, count);

const content = {
  schemaVersion: '2.2',
  mainSteps: [
    { action: 'aws:runShellScript', name: 'a', inputs: { runCommand: ['x'.repeat(3_000)] } },
  ],
};
const documentDigest = digestOf(content);
const parametersDigest = digestOf({});
const now = instant(Date.now());
const jobFor = (node: NodeId, label: string) => ({
  kind: 'job' as const,
  instance: 'bench',
  node,
  run: runId(shortHash([label, node])),
  execution: executionId(shortHash([label])),
  association: associationName('bench'),
  associationId: 'bench',
  generation: documentDigest,
  occasion: `manual:${label}`,
  document: { name: 'Bench', version: '1', content, digest: documentDigest },
  documents: {},
  parameters: {},
  parametersDigest,
  parameterStore: {},
  fence: { epoch: 1, position: 1 },
  notBefore: now,
  notAfter: instant(now + 300_000),
  onInterrupted: 'Report' as const,
  timeoutMs: null,
});

const signed: number[] = [];
const unsigned: number[] = [];
let signingMs = 0;
for (let round = 0; round <= rounds; round++) {
  const labelled = `${round}`;
  const ready = sealJob(daemon, jobFor([...nodes][0] as NodeId, labelled));
  // The yardstick sends one ready envelope to all: nothing is made or signed per node.
  const plain = await exchange(() => ({ kind: 'job', envelope: ready }));
  let spent = 0;
  const own = await exchange((node) => {
    const at = performance.now();
    const envelope = sealJob(daemon, jobFor(node, labelled));
    spent += performance.now() - at;
    return { kind: 'job', envelope };
  });
  if (round === 0) continue;
  signingMs += spent / rounds;
  signed.push(...own);
  unsigned.push(...plain);
}
await clients.stop();
await server.close();

const figures = {
  count,
  p50Ms: percentile(signed, 0.5),
  p99Ms: percentile(signed, 0.99),
  signingMs,
  yardstickP99Ms: percentile(unsigned, 0.99),
  ratio: percentile(signed, 0.99) / percentile(unsigned, 0.99),
};
if (process.argv.includes('--json')) console.log(JSON.stringify({ bench: 'fan-out', ...figures }));
else {
  console.log(
    `${count} signed jobs answered: p50 ${figures.p50Ms.toFixed(0)} ms, p99 ${figures.p99Ms.toFixed(0)} ms ` +
      `(signing ${signingMs.toFixed(0)} ms); one ready message to all: p99 ${figures.yardstickP99Ms.toFixed(0)} ms; ` +
      `ratio ${figures.ratio.toFixed(2)}`,
  );
}

/** Milliseconds from the beginning to each answer. */
async function exchange(make: (node: NodeId) => ServerMessage): Promise<readonly number[]> {
  const begin = performance.now();
  const times: number[] = [];
  const all = new Promise<void>((resolve) => {
    answered = () => {
      times.push(performance.now() - begin);
      if (times.length === nodes.size) resolve();
    };
  });
  let sent = 0;
  for (const node of nodes) {
    server.send(node, make(node));
    sent += 1;
    if (sent % wave === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await all;
  return times;
}

function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}
