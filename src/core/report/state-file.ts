/**
 * `state.json`: what a daemon that lost its state directory must not get wrong, signed by its key. Nodes' files hold what
 * agents can tell again; what only the daemon knew is here, with a digest over the registry.
 */

import { sha256Hex } from '../canonical/digest.ts';
import { canonicalJson } from '../canonical/json.ts';
import { formatInstant } from '../model/brand.ts';
import type { JsonObject } from '../model/json.ts';
import type { Registration } from '../model/node.ts';
import { compareText } from '../model/problem.ts';
import type { Result } from '../model/result.ts';
import { err, ok } from '../model/result.ts';
import type { AssociationState, Execution, Gap, RolloutState, State } from '../model/state.ts';
import { capBytes } from './escape.ts';
import { canonicalText, linedText, written } from './lined-json.ts';
import { parseObject } from './parse-object.ts';

export const STATE_FORMAT_VERSION = 1;
/** Of a node's name on the branch, and in the digest of its registration. */
export const NAME_BYTES_MAX = 255;
/** 10,000 associations with their digests are 8 MB. */
const STATE_TEXT_MAX = 64 * 1024 * 1024;

/** The unsigned body. Sequence numbers are not in it: they stand in the commit, and a file must not change by itself. */
export function stateBody(state: State): { readonly [key: string]: unknown } {
  const { instance, accepted, held, paused } = state;
  return {
    formatVersion: STATE_FORMAT_VERSION,
    instance: instance?.name ?? null,
    epoch: instance?.epoch ?? 0,
    daemonKey: instance?.daemonKey ?? null,
    position: accepted?.position ?? 0,
    accepted:
      accepted === null
        ? null
        : {
            commit: accepted.commit,
            position: accepted.position,
            by: accepted.by,
            at: formatInstant(accepted.at),
          },
    held: held === null ? null : { ...held, at: formatInstant(held.at) },
    paused: paused === null ? null : { by: paused.by, at: formatInstant(paused.at) },
    associations: [...state.associations.values()].sort(byName).map(associationEntry),
    documents: [...state.documents.entries()]
      .sort(byKey)
      .map(([name, { number, digest }]) => ({ name, number, digest })),
    invalidFiles: [...state.invalidFiles.entries()]
      .sort(byKey)
      .map(([file, lastGood]) => ({ file, lastGood })),
    executions: [...state.executions.values()]
      .filter((execution) => execution.endedAt === null && execution.closed === null)
      .sort((a, b) => compareText(a.id, b.id))
      .map(executionEntry),
    revoked: [...state.revoked.entries()]
      .sort(byKey)
      .map(([node, { by, at }]) => ({ node, by, at: formatInstant(at) })),
    registry: registryDigest(state.registrations.values()),
  };
}

function associationEntry(association: AssociationState): { readonly [key: string]: unknown } {
  const { name, version, commit, file, digests, generationCommit, rollout } = association;
  const { anchor, lastSlot, gaps } = association;
  return {
    name,
    version,
    commit,
    file,
    digests: { ...digests },
    generationCommit,
    anchor: formatInstant(anchor),
    lastSlot: formatInstant(lastSlot),
    ...(gaps.length === 0 ? {} : { gaps: gaps.map(gapEntry) }),
    rollout: rollout === null ? null : rolloutEntry(rollout),
  };
}

const gapEntry = ({ after, before }: Gap) => ({
  after: formatInstant(after),
  before: formatInstant(before),
});

function rolloutEntry({ ring, passedAt, halted, forgiven, unnamed }: RolloutState): {
  readonly [key: string]: unknown;
} {
  return {
    ring,
    passedAt: passedAt === null ? null : formatInstant(passedAt),
    halted: halted === null ? null : { ...halted, at: formatInstant(halted.at) },
    // How many of each ring: programs of before read no more of it, and wrote no more.
    forgiven: unnamed ?? [],
    ...(forgiven.length === 0 ? {} : { forgivenNodes: forgiven }),
  };
}

function executionEntry(execution: Execution): { readonly [key: string]: unknown } {
  const { id, association, occasion, trigger, reason, generation, revision } = execution;
  return {
    id,
    association,
    occasion,
    trigger,
    reason,
    generation,
    revision,
    timeoutBudgetMs: execution.timeoutBudgetMs,
    openedAt: formatInstant(execution.openedAt),
    stopped:
      execution.stopped === null
        ? null
        : { failures: execution.stopped.failures, at: formatInstant(execution.stopped.at) },
    // Without it a recovery would stop at the next failure what an operator has resumed. Where it is stopped, absent says that
    // the program of before wrote it, for which nothing that had led to a stop counted.
    ...(execution.forgiven === 0 && execution.stopped === null
      ? {}
      : { forgiven: execution.forgiven }),
  };
}

/** One digest over every registration, whatever their order: an edited or added one does not go unnoticed. */
export function registryDigest(registrations: Iterable<Registration>): string {
  return sha256Hex([...registrations].map(registrationDigest).sort().join('\n'));
}

const digests = new WeakMap<Registration, string>();

/** Registrations never change, so each is digested once. */
function registrationDigest(registration: Registration): string {
  const known = digests.get(registration);
  if (known !== undefined) return known;
  const { node, publicKey, activationId, name, tags, at } = registration;
  const digest = sha256Hex(
    canonicalJson([node, publicKey, activationId, capBytes(name, NAME_BYTES_MAX), { ...tags }, at]),
  );
  digests.set(registration, digest);
  return digest;
}

const signedText = (canonicalBody: string): string =>
  `reconciled state v${STATE_FORMAT_VERSION}\n${canonicalBody}`;

/** The file's text: the body with its signature as one more key. */
export function signState(
  body: { readonly [key: string]: unknown },
  sign: (text: string) => string,
): string {
  // With 10,000 associations the body is megabytes: it is written once, for the signature and for the file.
  const values = written(body);
  const signature = sign(signedText(canonicalText(values)));
  return linedText(new Map([...values, ...written({ signature })]));
}

export type StateRefusal = {
  readonly code:
    | 'STATE_MISSING'
    | 'STATE_MALFORMED'
    | 'STATE_NEWER'
    | 'STATE_UNSIGNED'
    | 'STATE_EDITED';
  readonly message: string;
};

/**
 * The body, when the key has signed exactly this; whatever is odd about the text is a refusal, never a throw.
 * `verify` answers whether a signature over a text is the daemon's.
 */
export function verifyState(
  text: string,
  verify: (text: string, signature: string) => boolean,
): Result<JsonObject, StateRefusal> {
  const parsed = text.length > STATE_TEXT_MAX ? null : parseObject(text);
  if (parsed === null) return refused('STATE_MALFORMED', 'state.json is no JSON object');
  const { signature, ...body } = parsed;
  if (typeof signature !== 'string')
    return refused('STATE_UNSIGNED', 'state.json has no signature');
  const version = body['formatVersion'];
  if (typeof version === 'number' && version > STATE_FORMAT_VERSION) {
    return refused(
      'STATE_NEWER',
      `state.json has format ${version}; this program reads ${STATE_FORMAT_VERSION}`,
    );
  }
  const canonical = tryCanonical(body);
  if (canonical === null || !verify(canonical, signature)) {
    return refused(
      'STATE_EDITED',
      'state.json is not what the daemon signed, or another key signed it',
    );
  }
  return ok(body);
}

export const refused = (code: StateRefusal['code'], message: string): Result<never, StateRefusal> =>
  err({ code, message });

/** Null when it is nested deeper than anything we write. */
function tryCanonical(body: JsonObject): string | null {
  try {
    return signedText(canonicalJson(body));
  } catch {
    return null;
  }
}

const byName = (a: AssociationState, b: AssociationState): number => compareText(a.name, b.name);
const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number =>
  compareText(a, b);
