/**
 * The door of both sides: text from the other end becomes a message, or a sentence that says why it does not. Written by
 * hand, because the agent stays small without a validator. Unknown keys are dropped, so that a newer peer can say more;
 * every text, list and number has a bound; ids follow their grammar. Never throws.
 */

import { CIPHERTEXT_LENGTH_MAX } from '../core/document/ciphertext.ts';
import {
  isComplianceType,
  REPORT_PUTS_MAX,
  REPORT_REFUSED_MAX,
} from '../core/document/put-compliance.ts';
import { REFERENCES_MAX } from '../core/document/store.ts';
import type { Instant, RunId } from '../core/model/brand.ts';
import {
  isAssociationName,
  isDigest,
  isExecutionId,
  isNodeId,
  isRunId,
} from '../core/model/brand.ts';
import type {
  ComplianceItem,
  CompliancePut,
  ComplianceReport,
  RefusedPut,
  SeverityCounts,
} from '../core/model/compliance.ts';
import { itemSeverities, putRefusals } from '../core/model/compliance.ts';
import { isJsonObject } from '../core/model/json.ts';
import type { Result } from '../core/model/result.ts';
import { err, ok } from '../core/model/result.ts';
import type { RunResult, StepResult, StreamResult } from '../core/model/run.ts';
import { isPublicKeyText, isRecipient } from './keys.ts';
import type {
  AgentMessage,
  Fence,
  Job,
  LastRun,
  NodeFacts,
  ServerMessage,
  SignedEnvelope,
} from './messages.ts';
import {
  LAST_RUNS_MAX,
  MESSAGE_BYTES_MAX,
  REASON_MAX,
  REFRESH_MAX,
  STEP_NAME_MAX,
  STEPS_MAX,
  STREAM_END_MAX,
  STREAM_TEXT_MAX,
} from './messages.ts';
import type { Read } from './read.ts';
import {
  absentAs,
  integer,
  jsonObject,
  listOf,
  Malformed,
  mapOf,
  matching,
  nullable,
  oneOf,
  record,
  text,
} from './read.ts';

export type Parsed<Message> = Result<Message, string>;

/** What an agent says. */
export function parseAgentMessage(raw: string): Parsed<AgentMessage> {
  return parseText(raw, (value) =>
    readKind<AgentMessage['kind'], AgentMessage>(value, agentMessages),
  );
}

/** What a daemon says. */
export function parseServerMessage(raw: string): Parsed<ServerMessage> {
  return parseText(raw, (value) =>
    readKind<ServerMessage['kind'], ServerMessage>(value, serverMessages),
  );
}

/** The payload of an envelope whose signature has been checked. */
export function parseJob(payload: string): Parsed<Job> {
  return parseText(payload, job);
}

/** Of a payload that is no job as we know them: the run it is for, so that it can be answered; null when it does not say. */
export function runOfPayload(payload: string): RunId | null {
  const parsed = parseText(payload, (value) =>
    record<{ readonly run: RunId }>({ run: runId })(value, ''),
  );
  return parsed.ok ? parsed.value.run : null;
}

function parseText<Message>(raw: string, read: (value: unknown) => Message): Parsed<Message> {
  if (raw.length > MESSAGE_BYTES_MAX) return err(`longer than ${MESSAGE_BYTES_MAX}`);
  try {
    return ok(read(JSON.parse(raw)));
  } catch (cause) {
    if (cause instanceof Malformed) return err(cause.message);
    if (cause instanceof SyntaxError) return err('not JSON');
    throw cause;
  }
}

function readKind<Kind extends string, Message>(
  value: unknown,
  readers: { readonly [K in Kind]: Read<Message> },
): Message {
  const kind: unknown = isJsonObject(value) ? value['kind'] : undefined;
  const isKnown = (name: unknown): name is Kind =>
    typeof name === 'string' && Object.hasOwn(readers, name);
  if (!isKnown(kind)) throw new Malformed('kind is not known');
  return readers[kind](value, '');
}

// --- shapes ---------------------------------------------------------------------------------------------------

const nodeId = matching(isNodeId, 'a node id');
const runId = matching(isRunId, 'a run id');
const executionId = matching(isExecutionId, 'an execution id');
const digest = matching(isDigest, 'a SHA-256');
const associationName = matching(isAssociationName, 'an association name');
const publicKey = matching((value): value is string => isPublicKeyText(value), 'a public key');
const tlsKey = matching((value): value is string => /^([0-9a-f]{64})?$/.test(value), 'a SHA-256');
const recipient = matching((value): value is string => isRecipient(value), 'an age recipient');
const base64 = (bytes: number) =>
  matching(
    (value): value is string =>
      /^[A-Za-z0-9+/]+={0,2}$/.test(value) && Buffer.from(value, 'base64').length === bytes,
    `${bytes} bytes in base64`,
  );
const signature = base64(64);

/** Year 9999 is far enough, and every instant can be printed. */
const instant: Read<Instant> = integer(0, 253_402_300_799_999) as Read<Instant>;
const count = integer(0, Number.MAX_SAFE_INTEGER);
const durationMs = integer(0, 7 * 24 * 3_600_000);
const word = text(200);
const sentence = text(REASON_MAX);

const fence = record<Fence>({ epoch: count, position: count });
const platformType = oneOf('Linux', 'Windows', 'MacOS');
const runStatus = oneOf('Success', 'Failed', 'TimedOut', 'Cancelled', 'Skipped');
const detailedStatus = oneOf(
  'Success',
  'Failed',
  'TimedOut',
  'Cancelled',
  'Skipped',
  'Interrupted',
  'Unreachable',
  'InvalidDocument',
  'SecretUnavailable',
  'Undeliverable',
  'Terminated',
  'Revoked',
);

const facts = record<NodeFacts>({
  hostname: text(255),
  platformType,
  platformName: word,
  platformVersion: word,
  architecture: word,
  agentVersion: text(50),
  bootId: text(64),
});

const lastRun = record<LastRun>({
  association: associationName,
  run: runId,
  execution: executionId,
  generation: digest,
  occasion: word,
  status: runStatus,
  detailedStatus,
  finishedAt: instant,
});

const stream = record<StreamResult>({
  text: text(STREAM_TEXT_MAX),
  head: text(STREAM_END_MAX),
  tail: text(STREAM_END_MAX),
  bytes: count,
  digest,
});

const step = record<StepResult>({
  name: text(STEP_NAME_MAX),
  action: text(STEP_NAME_MAX),
  status: runStatus,
  exitCode: integer(-1, 65_535),
  reason: sentence,
  startedAt: nullable(instant),
  finishedAt: nullable(instant),
  stdout: stream,
  stderr: stream,
});

const itemCount = integer(0, 10_000);
const severityCounts = record<SeverityCounts>({
  CRITICAL: itemCount,
  HIGH: itemCount,
  MEDIUM: itemCount,
  LOW: itemCount,
  INFORMATIONAL: itemCount,
  UNSPECIFIED: itemCount,
});

const complianceType = matching(
  (value): value is string => value.length <= 100 && isComplianceType(value),
  'a compliance type',
);

const complianceItem = record<ComplianceItem>({
  id: text(100),
  title: text(500),
  severity: oneOf(...itemSeverities),
  status: oneOf('COMPLIANT', 'NON_COMPLIANT'),
  details: mapOf(text(4_096), { entriesMax: 2_000, keyLengthMax: 64 }),
});

const report = record<ComplianceReport>({
  puts: listOf(
    record<CompliancePut>({
      complianceType,
      uploadType: oneOf('COMPLETE', 'PARTIAL'),
      executionSummary: record<CompliancePut['executionSummary']>({
        executionTime: instant,
        executionId: text(100),
        executionType: text(50),
      }),
      itemContentHash: text(256),
      items: listOf(complianceItem, 10_000),
      counts: record<CompliancePut['counts']>({
        COMPLIANT: severityCounts,
        NON_COMPLIANT: severityCounts,
      }),
    }),
    REPORT_PUTS_MAX,
  ),
  refused: listOf(
    record<RefusedPut>({ code: oneOf(...putRefusals), file: text(100), why: text(500) }),
    REPORT_REFUSED_MAX,
  ),
});

const result = record<RunResult>({
  run: runId,
  execution: executionId,
  association: associationName,
  generation: absentAs(null, nullable(digest)),
  status: runStatus,
  detailedStatus,
  errorCode: oneOf('', 'ExecutionError', 'InvalidAssoc'),
  executionSummary: text(510),
  startedAt: instant,
  finishedAt: instant,
  steps: listOf(step, STEPS_MAX),
  refresh: absentAs(null, nullable(listOf(text(128), REFRESH_MAX))),
  compliance: absentAs(null, nullable(report)),
});

const envelope = record<SignedEnvelope>({ payload: text(MESSAGE_BYTES_MAX), signature });

const job = (value: unknown): Job =>
  record<Job>({
    kind: oneOf('job'),
    instance: word,
    node: nodeId,
    run: runId,
    execution: executionId,
    association: associationName,
    associationId: text(64),
    generation: digest,
    occasion: word,
    document: record<Job['document']>({
      name: text(128),
      version: text(64),
      content: jsonObject(),
      digest,
    }),
    documents: absentAs(
      {},
      mapOf(record<Job['documents'][string]>({ content: jsonObject(), digest }), {
        entriesMax: 20,
        keyLengthMax: 300,
      }),
    ),
    parameters: jsonObject(),
    parametersDigest: digest,
    parameterStore: mapOf(
      record<Job['parameterStore'][string]>({
        type: oneOf('String', 'StringList', 'SecureString'),
        value: text(CIPHERTEXT_LENGTH_MAX),
      }),
      { entriesMax: REFERENCES_MAX, keyLengthMax: 2_100 },
    ),
    fence,
    notBefore: instant,
    notAfter: instant,
    onInterrupted: oneOf('Report', 'Retry'),
    timeoutMs: nullable(durationMs),
  })(value, '');

// --- messages -------------------------------------------------------------------------------------------------

type AgentSays<K extends AgentMessage['kind']> = AgentMessage & { kind: K };
type ServerSays<K extends ServerMessage['kind']> = ServerMessage & { kind: K };

const agentMessages: { readonly [K in AgentMessage['kind']]: Read<AgentSays<K>> } = {
  hello: record<AgentSays<'hello'>>({
    kind: oneOf('hello'),
    protocol: count,
    node: nodeId,
    publicKey,
    tlsKey,
    signature,
    facts,
    fence,
    running: nullable(runId),
    startedAt: nullable(instant),
    lastRuns: listOf(lastRun, LAST_RUNS_MAX),
    recipient: nullable(recipient),
    activation: nullable(record<{ id: string; code: string }>({ id: text(128), code: text(256) })),
  }),
  accepted: record<AgentSays<'accepted'>>({ kind: oneOf('accepted'), run: runId }),
  busy: record<AgentSays<'busy'>>({ kind: oneOf('busy'), run: runId, with: runId }),
  refused: record<AgentSays<'refused'>>({
    kind: oneOf('refused'),
    run: runId,
    code: oneOf(
      'BadSignature',
      'WrongNode',
      'Expired',
      'NotYet',
      'StaleEpoch',
      'BadDigest',
      'DiskFull',
      'Malformed',
    ),
    message: sentence,
    clock: absentAs(null, nullable(instant)),
  }),
  revoked: record<AgentSays<'revoked'>>({ kind: oneOf('revoked'), run: runId }),
  already: record<AgentSays<'already'>>({ kind: oneOf('already'), last: lastRun }),
  started: record<AgentSays<'started'>>({ kind: oneOf('started'), run: runId, at: instant }),
  rebooting: record<AgentSays<'rebooting'>>({ kind: oneOf('rebooting'), run: runId }),
  result: record<AgentSays<'result'>>({ kind: oneOf('result'), result }),
};

const serverMessages: { readonly [K in ServerMessage['kind']]: Read<ServerSays<K>> } = {
  proof: record<ServerSays<'proof'>>({
    kind: oneOf('proof'),
    protocol: count,
    instance: word,
    nonce: base64(32),
    tlsKeys: listOf(tlsKey, 32),
    daemonKey: publicKey,
    signature,
  }),
  welcome: record<ServerSays<'welcome'>>({
    kind: oneOf('welcome'),
    reconnectSpreadMs: durationMs,
    heartbeatMs: durationMs,
    name: word,
  }),
  wait: record<ServerSays<'wait'>>({
    kind: oneOf('wait'),
    code: word,
    message: sentence,
    retryAfterMs: durationMs,
  }),
  refused: record<ServerSays<'refused'>>({
    kind: oneOf('refused'),
    code: word,
    message: sentence,
  }),
  job: record<ServerSays<'job'>>({ kind: oneOf('job'), envelope }),
  revoke: record<ServerSays<'revoke'>>({ kind: oneOf('revoke'), run: runId }),
  cancel: record<ServerSays<'cancel'>>({ kind: oneOf('cancel'), run: runId, reason: sentence }),
  ack: record<ServerSays<'ack'>>({ kind: oneOf('ack'), run: runId }),
};
