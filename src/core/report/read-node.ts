/** The inverse of `nodeFile`. Nothing in a node's file is signed but its registration, so whoever reads it may doubt it. */

import { shortHash } from '../canonical/identity.ts';
import { changeCommitOf, runIdOf } from '../canonical/occasion.ts';
import type {
  AssociationName,
  Digest,
  ExecutionId,
  Instant,
  NodeId,
  RunId,
} from '../model/brand.ts';
import {
  isAssociationName,
  isCommitId,
  isDigest,
  isExecutionId,
  isNodeId,
  isRunId,
  runId,
} from '../model/brand.ts';
import type { ReportedItem, TypeCompliance } from '../model/compliance.ts';
import { unreachable } from '../model/errors.ts';
import type { JsonObject } from '../model/json.ts';
import type { LastSeenFacts, Registration, Tags } from '../model/node.ts';
import type { DetailedStatus, RunStatus } from '../model/run.ts';
import type { TargetStatus, Waiting } from '../model/standing.ts';
import { pendingReasons } from '../model/standing.ts';
import type { LastOutcome } from '../model/state.ts';
import { readReported, readTypes } from './compliance-json.ts';
import { GENERATION_DIGITS } from './outcome-json.ts';
import { parseObject } from './parse-object.ts';
import {
  idIn,
  instantIn,
  numberIn,
  objectIn,
  objectsIn,
  tagsIn,
  textIn,
  wordIn,
} from './read-fields.ts';

export type AssignmentReading = {
  readonly association: AssociationName;
  readonly status: TargetStatus;
  /** In words, as printed. */
  readonly detailedStatus: string;
  readonly owed: {
    readonly execution: ExecutionId;
    readonly run: RunId;
    readonly occasion: string;
  } | null;
  /** Why it waited when this was written. */
  readonly waiting: Waiting | null;
  /** The last outcome that was no Skipped. */
  readonly applied: LastOutcome | null;
  /** A Skipped that came after it. */
  readonly skipped: LastOutcome | null;
  /** The item of a MANUAL association. */
  readonly reported: ReportedItem | null;
};

export type NodeReading = {
  readonly node: NodeId;
  readonly name: string;
  readonly publicKey: string | null;
  readonly tags: Tags;
  readonly file: string | null;
  readonly registration: Registration | null;
  readonly revoked: boolean;
  readonly silent: { readonly since: Instant | null } | null;
  readonly facts: LastSeenFacts | null;
  readonly assignments: readonly AssignmentReading[];
  /** What documents reported beside associations' items. */
  readonly types: readonly TypeCompliance[];
};

export type Generations = ReadonlyMap<AssociationName, Digest>;

/**
 * How much of a node is wanted: a plan and a forecast need what is assigned and what has not started yet, and no outcome, which is
 * most of the work.
 */
export type ReadDepth = 'outcomes' | 'owed';

/** Null when it is no node's file, or says that it belongs to another node. */
export function readNode(
  text: string,
  id: NodeId,
  generations: Generations,
  depth: ReadDepth,
): NodeReading | null {
  const file = parseObject(text);
  if (file === null || idIn(file, 'NodeId', isNodeId) !== id) return null;
  const name = textIn(file, 'Name') ?? id;
  const publicKey = textIn(file, 'PublicKey');
  const tags = tagsIn(file, 'Tags') ?? {};
  const silent = objectIn(file, 'Silent');
  return {
    node: id,
    name,
    publicKey,
    tags,
    file: textIn(file, 'File'),
    registration: readRegistration(file, { node: id, name, publicKey, tags }),
    revoked: objectIn(file, 'Revoked') !== null,
    silent: silent === null ? null : { since: instantIn(silent, 'Since') },
    facts: readFacts(objectIn(file, 'Platform')),
    assignments: readAssignments(file, id, generations, depth),
    types: depth === 'outcomes' ? readTypes(file) : [],
  };
}

function readRegistration(
  file: JsonObject,
  effective: Pick<NodeReading, 'node' | 'name' | 'publicKey' | 'tags'>,
): Registration | null {
  const activationId = textIn(file, 'ActivationId');
  const at = instantIn(file, 'RegisteredAt');
  const publicKey = textIn(file, 'RegisteredPublicKey') ?? effective.publicKey;
  if (activationId === null || at === null || publicKey === null) return null;
  return {
    node: effective.node,
    publicKey,
    activationId,
    name: textIn(file, 'RegisteredName') ?? effective.name,
    tags: tagsIn(file, 'RegisteredTags') ?? effective.tags,
    at,
  };
}

function readFacts(platform: JsonObject | null): LastSeenFacts | null {
  if (platform === null) return null;
  const platformType = wordIn(platform, 'PlatformType', ['Linux', 'Windows', 'MacOS']);
  if (platformType === null) return null;
  const of = (key: string): string => textIn(platform, key) ?? '';
  return {
    hostname: of('ComputerName'),
    platformType,
    platformName: of('PlatformName'),
    platformVersion: of('PlatformVersion'),
    architecture: of('Architecture'),
    agentVersion: of('AgentVersion'),
    bootId: '',
  };
}

/** An association that is in force no more is left out, as is a second line for the same. */
function readAssignments(
  file: JsonObject,
  node: NodeId,
  generations: Generations,
  depth: ReadDepth,
): readonly AssignmentReading[] {
  const assignments = new Map<AssociationName, AssignmentReading>();
  for (const line of objectsIn(file, 'Associations')) {
    const association = idIn(line, 'AssociationName', isAssociationName);
    const inForce = association === null ? undefined : generations.get(association);
    if (association === null || inForce === undefined || assignments.has(association)) continue;
    assignments.set(association, readAt(depth, line, { node, association, inForce }));
  }
  return [...assignments.values()];
}

function readAt(depth: ReadDepth, line: JsonObject, whose: Whose): AssignmentReading {
  switch (depth) {
    case 'outcomes':
      return readAssignment(line, whose);
    case 'owed':
      return bare(whose.association, isNotStarted(line) ? readOwed(line, whose) : null);
    default:
      return unreachable(depth);
  }
}

const isNotStarted = (line: JsonObject): boolean =>
  textIn(line, 'Status') === 'Pending' && textIn(line, 'DetailedStatus') !== 'InProgress';

const bare = (
  association: AssociationName,
  owed: AssignmentReading['owed'],
): AssignmentReading => ({
  association,
  status: 'Pending',
  detailedStatus: 'Pending',
  owed,
  waiting: null,
  applied: null,
  skipped: null,
  reported: null,
});

type Whose = {
  readonly node: NodeId;
  readonly association: AssociationName;
  readonly inForce: Digest;
};

function readAssignment(line: JsonObject, whose: Whose): AssignmentReading {
  const status = wordIn(line, 'Status', ['Pending', 'Success', 'Failed', 'Skipped']) ?? 'Pending';
  const before = objectIn(line, 'Last');
  const own = status === 'Pending' ? null : readOutcome(line, whose);
  const last = before === null ? null : readOutcome(before, whose);
  return {
    association: whose.association,
    status,
    detailedStatus: textIn(line, 'DetailedStatus') ?? status,
    owed: status === 'Pending' ? readOwed(line, whose) : null,
    waiting: readWaiting(objectIn(line, 'Pending')),
    applied: own === null || own.outcome.status === 'Skipped' ? notSkipped(last) : own,
    skipped: own?.outcome.status === 'Skipped' ? own : null,
    reported: readReported(objectIn(line, 'ComplianceItem')),
  };
}

const notSkipped = (last: LastOutcome | null): LastOutcome | null =>
  last?.outcome.status === 'Skipped' ? null : last;

function readOwed(line: JsonObject, whose: Whose): AssignmentReading['owed'] {
  const execution = idIn(line, 'ExecutionId', isExecutionId);
  const occasion = textIn(line, 'Occasion');
  const generation = readGeneration(line, whose);
  if (execution === null || occasion === null || generation === null) return null;
  const run = runIdOf(whose.node, whose.association, generation, occasion);
  return { execution, run, occasion };
}

function readWaiting(pending: JsonObject | null): Waiting | null {
  const reason = pending === null ? null : wordIn(pending, 'Reason', pendingReasons);
  if (pending === null || reason === null) return null;
  const detail = textIn(pending, 'Detail');
  return { reason, until: instantIn(pending, 'Until'), ...(detail === null ? {} : { detail }) };
}

const statuses: readonly RunStatus[] = ['Success', 'Failed', 'TimedOut', 'Cancelled', 'Skipped'];
const detailedStatuses: readonly DetailedStatus[] = [
  ...statuses,
  'Interrupted',
  'Unreachable',
  'InvalidDocument',
  'SecretUnavailable',
  'Undeliverable',
  'Terminated',
  'Revoked',
];

function readOutcome(line: JsonObject, whose: Whose): LastOutcome | null {
  const shown = wordIn(line, 'Status', statuses);
  const finishedAt = instantIn(line, 'FinishedAt');
  const execution = idIn(line, 'ExecutionId', isExecutionId);
  if (shown === null || finishedAt === null || execution === null) return null;
  const detailedStatus = wordIn(line, 'DetailedStatus', detailedStatuses) ?? shown;
  const ended = detailedStatus === 'TimedOut' || detailedStatus === 'Cancelled';
  const generation = readGeneration(line, whose);
  const occasion = textIn(line, 'Occasion') ?? '';
  return {
    outcome: {
      run: idIn(line, 'RunId', isRunId) ?? runOf(whose, generation, occasion),
      status: shown === 'Failed' && ended ? detailedStatus : shown,
      detailedStatus,
      summary: textIn(line, 'Summary') ?? '',
      exitCode: numberIn(line, 'ExitCode'),
      failedStep: textIn(line, 'FailedStep'),
      outputTail: textIn(line, 'OutputTail') ?? '',
      startedAt: instantIn(line, 'StartedAt'),
      finishedAt,
      digest: null,
    },
    execution,
    generation,
    occasion,
    revision: readRevision(line, occasion),
    reason: textIn(line, 'Reason') ?? '',
  };
}

/** A run whose generation nobody knows any more gets an id of its own, which no agent will ever name. */
const runOf = ({ node, association }: Whose, generation: Digest | null, occasion: string): RunId =>
  generation === null
    ? runId(shortHash(['unknown run', node, association, occasion]))
    : runIdOf(node, association, generation, occasion);

function readGeneration(line: JsonObject, { inForce }: Whose): Digest | null {
  const text = textIn(line, 'Generation');
  if (text === null || isDigest(text)) return text;
  return text.length === GENERATION_DIGITS && inForce.startsWith(text) ? inForce : null;
}

function readRevision(line: JsonObject, occasion: string): LastOutcome['revision'] {
  const named = idIn(line, 'Revision', isCommitId);
  if (named !== null) return named;
  return changeCommitOf(occasion);
}
