/** Builders of messages for tests: everything in them is valid, and each test changes what it is about. */

import { digestOf } from '../../src/core/canonical/digest.ts';
import { shortHash } from '../../src/core/canonical/identity.ts';
import {
  associationName,
  digest,
  executionId,
  instant,
  runId,
} from '../../src/core/model/brand.ts';
import { present } from '../../src/core/model/errors.ts';
import type { JsonObject } from '../../src/core/model/json.ts';
import type { RunResult, StepResult, StreamResult } from '../../src/core/model/run.ts';
import { makeIdentity, nodeIdOf } from '../../src/protocol/keys.ts';
import type { AgentMessage, Job, LastRun, NodeFacts } from '../../src/protocol/messages.ts';

export const daemon = makeIdentity();
export const agent = makeIdentity();
export const agentNode = present(nodeIdOf(agent.publicKey), 'a made key has an id');

export const run = (label: string) => runId(shortHash(['run', label]));
export const execution = (label: string) => executionId(shortHash(['execution', label]));
export const someDigest = digest('0'.repeat(64));
export const noon = instant(Date.UTC(2026, 0, 31, 12));

export const facts: NodeFacts = {
  hostname: 'web-1',
  platformType: 'Linux',
  platformName: 'Debian GNU/Linux',
  platformVersion: '12',
  architecture: 'x86_64',
  agentVersion: '0.1.0',
  bootId: 'boot-1',
};

/** A document of shell steps: `script(['true'], ['false'])` has two steps of one line each. */
export function script(...steps: readonly (readonly string[] | JsonObject)[]): JsonObject {
  return {
    schemaVersion: '2.2',
    description: 'test',
    mainSteps: steps.map((step, index) => ({
      action: 'aws:runShellScript',
      name: `step${index + 1}`,
      inputs: Array.isArray(step) ? { runCommand: step } : (step as JsonObject),
    })),
  };
}

export function job(overrides: Partial<Job> & { readonly content?: JsonObject } = {}): Job {
  const { content = script(['true']), ...rest } = overrides;
  const parameters = rest.parameters ?? {};
  return {
    kind: 'job',
    instance: 'test',
    node: agentNode,
    run: run('1'),
    execution: execution('1'),
    association: associationName('web-config'),
    associationId: '3f1d5c5e-8a67-5b0c-9d52-6e0b7c1f4a29',
    generation: someDigest,
    occasion: 'slot:2026-01-31T12:00:00Z',
    document: { name: 'Web-Config', version: '1', content, digest: digestOf(content) },
    documents: {},
    parameters,
    parametersDigest: digestOf(parameters),
    parameterStore: {},
    fence: { epoch: 1, position: 10 },
    notBefore: noon,
    notAfter: instant(noon + 300_000),
    onInterrupted: 'Report',
    timeoutMs: null,
    ...rest,
  };
}

export const lastRun = (label: string, overrides: Partial<LastRun> = {}): LastRun => ({
  association: associationName('web-config'),
  run: run(label),
  execution: execution(label),
  generation: someDigest,
  occasion: 'slot:2026-01-31T12:00:00Z',
  status: 'Success',
  detailedStatus: 'Success',
  finishedAt: noon,
  ...overrides,
});

export const stream = (text = ''): StreamResult => ({
  text,
  head: text.slice(0, 2_000),
  tail: text.slice(-2_000),
  bytes: text.length,
  digest: someDigest,
});

export const step = (overrides: Partial<StepResult> = {}): StepResult => ({
  name: 'step1',
  action: 'aws:runShellScript',
  status: 'Success',
  exitCode: 0,
  reason: '',
  startedAt: noon,
  finishedAt: noon,
  stdout: stream('hello'),
  stderr: stream(),
  ...overrides,
});

export const result = (label: string, overrides: Partial<RunResult> = {}): RunResult => ({
  run: run(label),
  execution: execution(label),
  association: associationName('web-config'),
  generation: digestOf(label),
  status: 'Success',
  detailedStatus: 'Success',
  errorCode: '',
  executionSummary: '1 out of 1 plugin processed',
  startedAt: noon,
  finishedAt: noon,
  steps: [step()],
  refresh: null,
  compliance: null,
  ...overrides,
});

export const hello = (
  overrides: Partial<AgentMessage & { kind: 'hello' }> = {},
): AgentMessage & { kind: 'hello' } => ({
  kind: 'hello',
  protocol: 1,
  node: agentNode,
  publicKey: agent.publicKey,
  tlsKey: '',
  signature: Buffer.alloc(64).toString('base64'),
  facts,
  fence: { epoch: 1, position: 10 },
  running: null,
  startedAt: null,
  lastRuns: [],
  recipient: null,
  activation: null,
  ...overrides,
});
