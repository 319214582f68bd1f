/**
 * Branded primitives: a `NodeId` cannot be passed where an `AssociationName` is wanted.
 * The constructors assert the grammar; outside data goes through `core/load` or the protocol's parsers first.
 */
declare const brand: unique symbol;
type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };

/** Milliseconds since the epoch, UTC. Always handed in; core never asks what time it is. */
export type Instant = Brand<number, 'Instant'>;
/** `mi-` and 17 hex digits: the first of the SHA-256 of the node's public key (contract §6). */
export type NodeId = Brand<string, 'NodeId'>;
/** `^[A-Za-z0-9_.-]{3,128}$`, unique in a repository and the identity of an association. */
export type AssociationName = Brand<string, 'AssociationName'>;
/** Name of a document, `^[A-Za-z0-9_.-]{3,128}$`. */
export type DocumentName = Brand<string, 'DocumentName'>;
/** 40 hex digits. */
export type CommitId = Brand<string, 'CommitId'>;
/** 40 hex digits: a Git object id of a blob. */
export type BlobId = Brand<string, 'BlobId'>;
/** SHA-256, 64 hex digits. */
export type Digest = Brand<string, 'Digest'>;
/** One node's part of an execution: a pure hash of node, association, generation and occasion. */
export type RunId = Brand<string, 'RunId'>;
/** One firing of an association: a pure hash of association, generation and occasion. */
export type ExecutionId = Brand<string, 'ExecutionId'>;

const grammars = {
  node: /^mi-[0-9a-f]{17}$/,
  name: /^[A-Za-z0-9_.-]{3,128}$/,
  objectId: /^[0-9a-f]{40}$/,
  digest: /^[0-9a-f]{64}$/,
  hash: /^[0-9a-v]{26}$/,
};

export const isNodeId = (text: string): text is NodeId => grammars.node.test(text);
export const isAssociationName = (text: string): text is AssociationName =>
  grammars.name.test(text);
export const isDocumentName = (text: string): text is DocumentName => grammars.name.test(text);
export const isCommitId = (text: string): text is CommitId => grammars.objectId.test(text);
export const isBlobId = (text: string): text is BlobId => grammars.objectId.test(text);
export const isDigest = (text: string): text is Digest => grammars.digest.test(text);
export const isRunId = (text: string): text is RunId => grammars.hash.test(text);
export const isExecutionId = (text: string): text is ExecutionId => grammars.hash.test(text);

function brander<T extends string>(what: string, holds: (text: string) => text is T) {
  return (text: string): T => {
    if (!holds(text)) throw new TypeError(`not a ${what}: ${JSON.stringify(text).slice(0, 80)}`);
    return text;
  };
}

/** Each throws TypeError when the text does not fit its grammar: a bug, since outside data is checked earlier. */
export const nodeId = brander('node id', isNodeId);
export const associationName = brander('association name', isAssociationName);
export const documentName = brander('document name', isDocumentName);
export const commitId = brander('commit id', isCommitId);
export const blobId = brander('blob id', isBlobId);
export const digest = brander('digest', isDigest);
export const runId = brander('run id', isRunId);
export const executionId = brander('execution id', isExecutionId);

/** @throws TypeError when `ms` is no finite number. */
export function instant(ms: number): Instant {
  if (!Number.isFinite(ms)) throw new TypeError(`not an instant: ${ms}`);
  return ms as Instant;
}

/** A pass, a slot, a report: the same few instants are written in line after line, and the platform takes 2 µs for one. */
const instantTexts = new Map<Instant, string>();
const INSTANT_TEXTS_MAX = 4_096;

/** RFC 3339 in UTC without milliseconds when they are zero: `2026-01-31T12:00:00Z`. */
export function formatInstant(at: Instant): string {
  const known = instantTexts.get(at);
  if (known !== undefined) return known;
  const text = new Date(at).toISOString().replace('.000Z', 'Z');
  if (instantTexts.size >= INSTANT_TEXTS_MAX) instantTexts.clear();
  instantTexts.set(at, text);
  return text;
}

/** The instant that `formatInstant` printed; null when the text is not RFC 3339 with a zone. */
export function parseInstant(text: string): Instant | null {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/.test(text)) return null;
  const ms = Date.parse(text);
  return Number.isNaN(ms) || !isDay(text) ? null : (ms as Instant);
}

/** `Date.parse` takes 30 February for 2 March. */
function isDay(text: string): boolean {
  const [year = 0, month = 0, day = 0] = text.slice(0, 10).split('-').map(Number);
  return day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
}
