import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { AgentMessage, ServerMessage } from '../../src/protocol/messages.ts';
import { parseAgentMessage, parseJob, parseServerMessage } from '../../src/protocol/parse.ts';
import { runs } from '../fakes/runs.ts';
import {
  agentNode,
  daemon,
  hello,
  job,
  lastRun,
  noon,
  result,
  run,
  step,
  stream,
} from './messages.ts';

const signature = Buffer.alloc(64).toString('base64');

const agentMessages: readonly AgentMessage[] = [
  hello(),
  hello({ lastRuns: [lastRun('1')], running: run('2'), startedAt: noon }),
  hello({ activation: { id: 'activation-1', code: 'secret' }, tlsKey: 'a'.repeat(64) }),
  { kind: 'accepted', run: run('1') },
  { kind: 'busy', run: run('1'), with: run('2') },
  { kind: 'refused', run: run('1'), code: 'Expired', message: 'too late', clock: noon },
  { kind: 'refused', run: run('1'), code: 'DiskFull', message: 'full', clock: null },
  { kind: 'revoked', run: run('1') },
  { kind: 'already', last: lastRun('1') },
  { kind: 'started', run: run('1'), at: noon },
  { kind: 'result', result: result('1') },
];

const serverMessages: readonly ServerMessage[] = [
  {
    kind: 'proof',
    protocol: 1,
    instance: 'test',
    nonce: Buffer.alloc(32).toString('base64'),
    tlsKeys: ['b'.repeat(64)],
    daemonKey: daemon.publicKey,
    signature,
  },
  { kind: 'welcome', reconnectSpreadMs: 40_000, heartbeatMs: 30_000, name: 'web-1' },
  { kind: 'wait', code: 'UnknownActivation', message: 'not accepted yet', retryAfterMs: 1_000 },
  { kind: 'refused', code: 'Revoked', message: 'revoked' },
  { kind: 'job', envelope: { payload: JSON.stringify(job()), signature } },
  { kind: 'revoke', run: run('1') },
  { kind: 'cancel', run: run('1'), reason: 'asked by an operator' },
  { kind: 'ack', run: run('1') },
];

for (const message of agentMessages) {
  test(`an agent's "${message.kind}" survives the wire`, () => {
    assert.deepEqual(parseAgentMessage(JSON.stringify(message)), { ok: true, value: message });
  });
}

for (const message of serverMessages) {
  test(`a server's "${message.kind}" survives the wire`, () => {
    assert.deepEqual(parseServerMessage(JSON.stringify(message)), { ok: true, value: message });
  });
}

test('a job survives the wire', () => {
  assert.deepEqual(parseJob(JSON.stringify(job())), { ok: true, value: job() });
});

test('an older agent that refuses says nothing of its clock', () => {
  const refused = { kind: 'refused', run: run('1'), code: 'NotYet', message: 'too early' } as const;
  const parsed = parseAgentMessage(JSON.stringify(refused));
  assert.deepEqual(parsed, { ok: true, value: { ...refused, clock: null } });
});

test('what a newer peer says beyond our words is dropped', () => {
  const parsed = parseAgentMessage(JSON.stringify({ kind: 'accepted', run: run('1'), extra: 1 }));
  assert.deepEqual(parsed, { ok: true, value: { kind: 'accepted', run: run('1') } });
});

for (const [name, text, why] of [
  ['no JSON', '{', /not JSON/],
  ['no object', '[]', /kind/],
  ['a kind of the prototype', '{"kind":"constructor"}', /kind/],
  ['a run id with a path in it', '{"kind":"accepted","run":"../../etc/passwd"}', /run id/],
  ['a missing key', '{"kind":"accepted"}', /run is not/],
  ['a number for a text', '{"kind":"accepted","run":1}', /run is not/],
] as const) {
  test(`refused: ${name}`, () => {
    const parsed = parseAgentMessage(text);
    assert.ok(!parsed.ok);
    assert.match(parsed.error, why);
  });
}

const limits: readonly (readonly [string, AgentMessage, AgentMessage])[] = [
  [
    'output text',
    {
      kind: 'result',
      result: result('1', { steps: [step({ stdout: stream('x'.repeat(24_000)) })] }),
    },
    {
      kind: 'result',
      result: result('1', { steps: [step({ stdout: stream('x'.repeat(24_001)) })] }),
    },
  ],
  [
    'steps',
    { kind: 'result', result: result('1', { steps: Array.from({ length: 64 }, () => step()) }) },
    { kind: 'result', result: result('1', { steps: Array.from({ length: 65 }, () => step()) }) },
  ],
  [
    'last runs',
    hello({ lastRuns: Array.from({ length: 1_000 }, () => lastRun('1')) }),
    hello({ lastRuns: Array.from({ length: 1_001 }, () => lastRun('1')) }),
  ],
];
for (const [name, atLimit, beyond] of limits) {
  test(`the limit of ${name} holds exactly`, () => {
    assert.ok(parseAgentMessage(JSON.stringify(atLimit)).ok);
    assert.ok(!parseAgentMessage(JSON.stringify(beyond)).ok);
  });
}

test('a job whose content is nested too deep is refused, however deep', () => {
  for (const depth of [70, 50_000]) {
    const content = `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
    const text = JSON.stringify(job()).replace(/"content":\{.*\}\]\}/, `"content":${content}`);
    const parsed = parseJob(text);
    assert.ok(!parsed.ok);
    assert.match(parsed.error, /levels deep|at most/);
  }
});

test('a message longer than the limit is refused before it is read', () => {
  assert.ok(!parseAgentMessage(' '.repeat(512 * 1024 + 1)).ok);
});

test('no text whatsoever makes a parser throw', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      parseAgentMessage(text);
      parseServerMessage(text);
      parseJob(text);
    }),
    { numRuns: runs(500) },
  );
});

test('a valid message with one value replaced is refused or still well-formed, never thrown', () => {
  const messages = [...agentMessages, ...serverMessages, job()];
  const anything = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom('../../x', '\u0000', '__proto__', 'mi-zzz', 1e308, -1, 'x'.repeat(3_000)),
  );
  fc.assert(
    fc.property(fc.constantFrom(...messages), fc.nat(), anything, (message, at, value) => {
      const text = JSON.stringify(withReplaced(message, at, value));
      for (const parse of [parseAgentMessage, parseServerMessage, parseJob]) {
        const parsed = parse(text);
        if (parsed.ok) assert.doesNotThrow(() => JSON.stringify(parsed.value));
        else assert.equal(typeof parsed.error, 'string');
      }
    }),
    { numRuns: runs(1_000) },
  );
});

test('a parsed node id is always one by grammar', () => {
  fc.assert(
    fc.property(fc.string(), (node) => {
      const parsed = parseAgentMessage(JSON.stringify({ ...hello(), node }));
      assert.equal(parsed.ok, node === agentNode);
    }),
  );
});

/** The message with its `at`-th leaf (counted round) replaced. */
function withReplaced(message: object, at: number, value: unknown): unknown {
  const leaves: (readonly [{ [key: string]: unknown }, string])[] = [];
  const copy = structuredClone(message);
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    const holder = node as { [key: string]: unknown };
    for (const key of Object.keys(holder)) {
      leaves.push([holder, key]);
      walk(holder[key]);
    }
  };
  walk(copy);
  const leaf = leaves[at % leaves.length];
  if (leaf !== undefined) leaf[0][leaf[1]] = value;
  return copy;
}
