/**
 * A document of 20 steps as a node performs it (ledger on disk, supervisor, outputs, digests) against plain `sh` running the same
 * scripts one after another. Each step runs one real program, `sleep`, and prints a line. Contract §10: at most 1.25 × at 5 ms
 * a step, 1.05 × at 50 ms. Usage: node --import tsx bench/agent-run.ts [--json]
 */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openExecutor } from '../src/agent/executor/executor.ts';
import { openLedger } from '../src/agent/ledger-file.ts';
import type { Mind } from '../src/agent/mind.ts';
import { openMind } from '../src/agent/mind.ts';
import { preparer } from '../src/agent/prepare.ts';
import { openVault } from '../src/agent/vault.ts';
import { digestOf } from '../src/core/canonical/digest.ts';
import { shortHash } from '../src/core/canonical/identity.ts';
import { associationName, executionId, instant, runId } from '../src/core/model/brand.ts';
import { present } from '../src/core/model/errors.ts';
import { makeIdentity, nodeIdOf } from '../src/protocol/keys.ts';
import type { Job } from '../src/protocol/messages.ts';
import { sealJob, verifyEnvelope } from '../src/protocol/sign.ts';

const stepCount = 20;
const rounds = 9;
const dir = await mkdtemp(join(tmpdir(), 'bench-agent-run-'));
const daemon = makeIdentity();
const node = present(nodeIdOf(daemon.publicKey), 'a made key has an id');
const now = () => instant(Date.now());

let finished: (run: string) => void = () => undefined;
const ledger = await openLedger(join(dir, 'ledger'), now);
const parts: { mind?: Mind } = {};
const crash = (cause: unknown): never => {
  throw cause;
};
const vault = openVault([]);
const executor = openExecutor({
  vault,
  runsDir: join(dir, 'runs'),
  complianceDir: join(dir, 'compliance'),
  node: { root: dir, nodeId: node, platformName: 'Linux', platformVersion: '' },
  reboot: () => Promise.resolve('not in a benchmark'),
  now,
  report: (event) => parts.mind?.handle(event),
  crash,
});
const mind = openMind({
  vault,
  context: {
    node,
    isSigned: (envelope) => verifyEnvelope(daemon.publicKey, envelope),
    bootId: 'bench',
    prepare: preparer(),
  },
  state: ledger.state,
  append: (records) => ledger.append(records),
  executor,
  send: (message) => {
    if (message.kind === 'result') finished(message.result.status);
  },
  now,
  log: () => undefined,
  onRelease: () => undefined,
  crash,
});
parts.mind = mind;

const results = [];
for (const [stepMs, budget] of [
  [5, 1.25],
  [50, 1.05],
] as const) {
  const script = `sleep ${stepMs / 1000}\necho done\n`;
  const plain: number[] = [];
  const ours: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const plainMs = await runPlain(script);
    const oursMs = await runOurs(script, `${stepMs}-${round}`);
    if (round === 0) continue; // both warm
    plain.push(plainMs);
    ours.push(oursMs);
  }
  const ratio = median(ours.map((ms, at) => ms / (plain[at] ?? ms)));
  results.push({ stepMs, plainMs: median(plain), oursMs: median(ours), ratio, budget });
}
await mind.close();
await executor.close();
await ledger.close();
await rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });

if (process.argv.includes('--json')) console.log(JSON.stringify({ bench: 'agent-run', results }));
else {
  for (const { stepMs, plainMs, oursMs, ratio, budget } of results) {
    console.log(
      `20 steps of ${stepMs} ms: sh ${plainMs.toFixed(0)} ms, agent ${oursMs.toFixed(0)} ms, ` +
        `ratio ${ratio.toFixed(2)} (budget ${budget})`,
    );
  }
}

async function runPlain(script: string): Promise<number> {
  const files = Array.from({ length: stepCount }, (_, at) => join(dir, `plain-${at}.sh`));
  for (const file of files) await writeFile(file, script);
  const all = join(dir, 'plain.sh');
  await writeFile(
    all,
    files.map((file) => `/bin/sh ${file} >${file}.out 2>${file}.err\n`).join(''),
  );
  const begin = performance.now();
  spawnSync('/bin/sh', [all], { stdio: 'ignore' });
  return performance.now() - begin;
}

async function runOurs(script: string, label: string): Promise<number> {
  // As on a node: the next supervisor is ready when a job comes.
  await new Promise((resolve) => setTimeout(resolve, 50));
  const envelope = sealJob(daemon, jobOf(script, label));
  const begin = performance.now();
  const status = await new Promise<string>((resolve) => {
    finished = resolve;
    mind.handle({ kind: 'said', message: { kind: 'job', envelope } });
  });
  if (status !== 'Success') throw new Error(`the run ended ${status}`);
  return performance.now() - begin;
}

function jobOf(script: string, label: string): Job {
  const content = {
    schemaVersion: '2.2',
    mainSteps: Array.from({ length: stepCount }, (_, at) => ({
      action: 'aws:runShellScript',
      name: `step${at}`,
      inputs: { runCommand: script.trimEnd().split('\n') },
    })),
  };
  return {
    kind: 'job',
    instance: 'bench',
    node,
    run: runId(shortHash(['run', label])),
    execution: executionId(shortHash(['execution', label])),
    association: associationName('bench'),
    associationId: 'bench',
    generation: digestOf(content),
    occasion: `manual:${label}`,
    document: { name: 'Bench', version: '1', content, digest: digestOf(content) },
    documents: {},
    parameters: {},
    parametersDigest: digestOf({}),
    parameterStore: {},
    fence: { epoch: 1, position: 1 },
    notBefore: now(),
    notAfter: instant(Date.now() + 300_000),
    onInterrupted: 'Report',
    timeoutMs: null,
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
