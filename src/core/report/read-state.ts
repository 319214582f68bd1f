/** The inverse of `stateBody`: one malformed part refuses the whole, since a daemon must not start from half a truth. */
import type {
  AssociationName,
  BlobId,
  CommitId,
  Digest,
  DocumentName,
  ExecutionId,
  Instant,
  NodeId,
} from '../model/brand.ts';
import {
  isAssociationName,
  isBlobId,
  isCommitId,
  isDigest,
  isDocumentName,
  isExecutionId,
  isNodeId,
} from '../model/brand.ts';
import type { AssociationDigests } from '../model/definition.ts';
import type { JsonObject } from '../model/json.ts';
import type {
  AcceptedBy,
  AssociationState,
  Execution,
  Gap,
  HeldCode,
  RolloutState,
  Trigger,
} from '../model/state.ts';
import {
  idIn,
  idsIn,
  instantIn,
  numberIn,
  numbersIn,
  objectIn,
  objectsIn,
  textIn,
  wordIn,
} from './read-fields.ts';

const acceptedBy: readonly AcceptedBy[] = ['first', 'ancestry', 'trailer', 'operator', 'recovery'];
const triggers: readonly Trigger[] = [
  'create',
  'edit',
  'document',
  'parameter',
  'schedule',
  'target',
  'manual',
  'retry',
];
const heldCodes: readonly HeldCode[] = [
  'SourceDiverged',
  'SourceUnprovable',
  'SourceGone',
  'EmptyTree',
  'TooManyDeletions',
  'TooManyNodesRemoved',
  'TooManyNodesAffected',
];

export type OpenExecution = Pick<
  Execution,
  | 'id'
  | 'association'
  | 'occasion'
  | 'trigger'
  | 'reason'
  | 'generation'
  | 'revision'
  | 'timeoutBudgetMs'
  | 'openedAt'
  | 'stopped'
  | 'forgiven'
>;

export type StateReading = {
  readonly instance: string;
  readonly epoch: number;
  readonly daemonKey: string;
  readonly accepted: {
    readonly commit: CommitId;
    readonly position: number;
    readonly by: AcceptedBy;
    readonly at: Instant;
  } | null;
  readonly held: {
    readonly tip: CommitId | null;
    readonly code: HeldCode;
    readonly reason: string;
    readonly at: Instant;
  } | null;
  readonly paused: { readonly by: string; readonly at: Instant } | null;
  readonly associations: readonly Omit<AssociationState, 'open' | 'inFlight'>[];
  readonly documents: readonly {
    readonly name: DocumentName;
    readonly number: number;
    readonly digest: Digest;
  }[];
  readonly invalidFiles: readonly { readonly file: string; readonly lastGood: BlobId | null }[];
  readonly executions: readonly OpenExecution[];
  readonly revoked: readonly { readonly node: NodeId; readonly by: string; readonly at: Instant }[];
  readonly registry: string;
};

/** Null when anything in it is not as `stateBody` writes it. */
export function readState(body: JsonObject): StateReading | null {
  const instance = textIn(body, 'instance');
  const epoch = numberIn(body, 'epoch');
  const daemonKey = textIn(body, 'daemonKey');
  const registry = textIn(body, 'registry');
  const accepted = nullable(body, 'accepted', readAccepted);
  const held = nullable(body, 'held', readHeld);
  const paused = nullable(body, 'paused', readByAt);
  const associations = every(body, 'associations', readAssociation);
  const documents = every(body, 'documents', readDocument);
  const invalidFiles = every(body, 'invalidFiles', readInvalidFile);
  const executions = every(body, 'executions', readExecution);
  const revoked = every(body, 'revoked', readRevoked);
  if (instance === null || epoch === null || daemonKey === null || registry === null) return null;
  if (accepted === undefined || held === undefined || paused === undefined) return null;
  if (associations === null || documents === null || invalidFiles === null) return null;
  if (executions === null || revoked === null) return null;
  return {
    instance,
    epoch,
    daemonKey,
    accepted,
    held,
    paused,
    associations,
    documents,
    invalidFiles,
    executions,
    revoked,
    registry,
  };
}

/** Generation in force by association: node files print its first digits only. */
export function generationsOf(state: StateReading): ReadonlyMap<AssociationName, Digest> {
  return new Map(state.associations.map(({ name, digests }) => [name, digests.generation]));
}

/** Undefined when it is there and malformed. */
function nullable<Value>(
  body: JsonObject,
  key: string,
  read: (value: JsonObject) => Value | null,
): Value | null | undefined {
  if (body[key] === null) return null;
  const value = objectIn(body, key);
  return (value === null ? null : read(value)) ?? undefined;
}

/** Null when one of them is malformed. */
function every<Value>(
  body: JsonObject,
  key: string,
  read: (value: JsonObject) => Value | null,
): readonly Value[] | null {
  const list = body[key];
  const values = objectsIn(body, key).map(read);
  const good = values.filter((value) => value !== null);
  return Array.isArray(list) && list.length === good.length ? good : null;
}

function readAccepted(value: JsonObject): StateReading['accepted'] {
  const commit = idIn(value, 'commit', isCommitId);
  const position = numberIn(value, 'position');
  const by = wordIn(value, 'by', acceptedBy);
  const at = instantIn(value, 'at');
  if (commit === null || position === null || by === null || at === null) return null;
  return { commit, position, by, at };
}

function readHeld(value: JsonObject): StateReading['held'] {
  const code = wordIn(value, 'code', heldCodes);
  const reason = textIn(value, 'reason');
  const at = instantIn(value, 'at');
  if (code === null || reason === null || at === null) return null;
  return { tip: idIn(value, 'tip', isCommitId), code, reason, at };
}

function readByAt(value: JsonObject): StateReading['paused'] {
  const by = textIn(value, 'by');
  const at = instantIn(value, 'at');
  return by === null || at === null ? null : { by, at };
}

function readRevoked(value: JsonObject): StateReading['revoked'][number] | null {
  const node = idIn(value, 'node', isNodeId);
  const byAt = readByAt(value);
  return node === null || byAt === null ? null : { node, ...byAt };
}

function readDocument(value: JsonObject): StateReading['documents'][number] | null {
  const name = idIn(value, 'name', isDocumentName);
  const number = numberIn(value, 'number');
  const digest = idIn(value, 'digest', isDigest);
  return name === null || number === null || digest === null ? null : { name, number, digest };
}

function readInvalidFile(value: JsonObject): StateReading['invalidFiles'][number] | null {
  const file = textIn(value, 'file');
  const lastGood = idIn(value, 'lastGood', isBlobId);
  const isWritten = lastGood !== null || value['lastGood'] === null;
  return file === null || !isWritten ? null : { file, lastGood };
}

function readAssociation(value: JsonObject): StateReading['associations'][number] | null {
  const name = idIn(value, 'name', isAssociationName);
  const version = numberIn(value, 'version');
  const commit = idIn(value, 'commit', isCommitId);
  const file = textIn(value, 'file');
  const digests = readDigests(objectIn(value, 'digests'));
  const generationCommit = idIn(value, 'generationCommit', isCommitId);
  const anchor = instantIn(value, 'anchor');
  const lastSlot = instantIn(value, 'lastSlot');
  if (name === null || version === null || commit === null || file === null) return null;
  if (digests === null || generationCommit === null || anchor === null || lastSlot === null) {
    return null;
  }
  const rollout = nullable(value, 'rollout', readRollout);
  if (rollout === undefined) return null;
  const gaps = readGaps(value);
  if (gaps === null) return null;
  const slots = { anchor, lastSlot, gaps };
  return { name, version, commit, file, digests, generationCommit, ...slots, rollout };
}

/** Absent: none. */
function readGaps(value: JsonObject): readonly Gap[] | null {
  const written = objectsIn(value, 'gaps');
  const gaps = written.flatMap((each) => {
    const after = instantIn(each, 'after');
    const before = instantIn(each, 'before');
    return after === null || before === null ? [] : [{ after, before }];
  });
  return gaps.length === written.length ? gaps : null;
}

function readRollout(value: JsonObject): RolloutState | null {
  const ring = numberIn(value, 'ring');
  const passedAt = value['passedAt'] === null ? null : (instantIn(value, 'passedAt') ?? undefined);
  const halted = nullable(value, 'halted', readHalted);
  const counts = numbersIn(value, 'forgiven');
  const nodes = value['forgivenNodes'] === undefined ? [] : idsIn(value, 'forgivenNodes', isNodeId);
  if (ring === null || passedAt === undefined || halted === undefined) return null;
  if (counts === null || nodes === null) return null;
  const unnamed = counts.some((count) => count > 0) ? { unnamed: counts } : {};
  return { ring, passedAt, halted, forgiven: nodes, ...unnamed };
}

function readHalted(value: JsonObject): RolloutState['halted'] {
  const ring = numberIn(value, 'ring');
  const failures = numberIn(value, 'failures');
  const at = instantIn(value, 'at');
  return ring === null || failures === null || at === null ? null : { ring, failures, at };
}

function readDigests(value: JsonObject | null): AssociationDigests | null {
  if (value === null) return null;
  const of = (key: keyof AssociationDigests): Digest | null => idIn(value, key, isDigest);
  const [generation, document, parameters] = [of('generation'), of('document'), of('parameters')];
  const [output, schedule] = [of('output'), of('schedule')];
  const [targets, whole] = [of('targets'), of('whole')];
  // A branch of before there was one: then every difference of the parameters counts as an edit.
  const written = of('written') ?? parameters;
  if (generation === null || document === null || parameters === null || output === null) {
    return null;
  }
  if (schedule === null || targets === null || whole === null || written === null) return null;
  return { generation, document, parameters, written, output, schedule, targets, whole };
}

function readExecution(value: JsonObject): OpenExecution | null {
  const id: ExecutionId | null = idIn(value, 'id', isExecutionId);
  const association = idIn(value, 'association', isAssociationName);
  const occasion = textIn(value, 'occasion');
  const trigger = wordIn(value, 'trigger', triggers);
  const reason = textIn(value, 'reason');
  const generation = idIn(value, 'generation', isDigest);
  const revision = idIn(value, 'revision', isCommitId);
  const timeoutBudgetMs = numberIn(value, 'timeoutBudgetMs');
  const openedAt = instantIn(value, 'openedAt');
  const stopped = nullable(value, 'stopped', readStopped);
  if (id === null || association === null || occasion === null || trigger === null) return null;
  if (reason === null || generation === null || revision === null) return null;
  if (timeoutBudgetMs === null || openedAt === null || stopped === undefined) return null;
  return {
    id,
    association,
    occasion,
    trigger,
    reason,
    generation,
    revision,
    timeoutBudgetMs,
    openedAt,
    stopped,
    forgiven: numberIn(value, 'forgiven') ?? stopped?.failures ?? 0,
  };
}

function readStopped(value: JsonObject): Execution['stopped'] {
  const failures = numberIn(value, 'failures');
  const at = instantIn(value, 'at');
  return failures === null || at === null ? null : { failures, at };
}
