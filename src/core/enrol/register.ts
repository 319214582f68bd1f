/** May this key become a node? Decided from an activation in the accepted revision and the records of the registry. */
import { timingSafeEqual } from 'node:crypto';
import { sha256Hex } from '../canonical/digest.ts';
import type { Instant, NodeId } from '../model/brand.ts';
import type { Catalog } from '../model/catalog.ts';
import type { Activation, Registration } from '../model/node.ts';
import type { State } from '../model/state.ts';
import { nodeOf } from './nodes.ts';

export type Applicant = {
  readonly node: NodeId;
  readonly publicKey: string;
  readonly hostname: string;
  readonly activation: { readonly id: string; readonly code: string } | null;
};

export type Admission =
  | { readonly kind: 'known' }
  | { readonly kind: 'register'; readonly registration: Registration }
  /** Not now, but perhaps soon: the activation's commit may still be on its way. */
  | {
      readonly kind: 'wait';
      readonly code: 'UNKNOWN_ACTIVATION' | 'STARTING';
      readonly message: string;
    }
  | { readonly kind: 'refused'; readonly code: RefusalReason; readonly message: string };

export type RefusalReason =
  | 'REVOKED'
  | 'UNKNOWN_NODE'
  | 'KEY_MISMATCH'
  | 'WRONG_CODE'
  | 'ACTIVATION_EXPIRED'
  | 'ACTIVATION_USED_UP';

type Registry = Pick<State, 'registrations' | 'revoked'>;

/** Registering twice is harmless: the id is the key's hash, so the same key is the same node. */
export function admit(
  applicant: Applicant,
  catalog: Catalog,
  registry: Registry,
  now: Instant,
): Admission {
  const { node, activation } = applicant;
  if (registry.revoked.has(node) || catalog.nodes.get(node)?.revoked === true) {
    return refused('REVOKED', 'this node is revoked');
  }
  const known = nodeOf(node, catalog, registry);
  if (known !== null) {
    return known.publicKey === applicant.publicKey
      ? { kind: 'known' }
      : refused('KEY_MISMATCH', 'another key is pinned for this node');
  }
  if (activation === null) {
    return refused('UNKNOWN_NODE', 'this node is not registered: run reconciled agent register');
  }
  const found = catalog.activations.get(activation.id);
  if (found === undefined) {
    const message = `no activation ${activation.id} is in the accepted revision yet`;
    return { kind: 'wait', code: 'UNKNOWN_ACTIVATION', message };
  }
  return admitBy(found, applicant, activation.code, registry, now);
}

function admitBy(
  activation: Activation,
  applicant: Applicant,
  code: string,
  registry: Registry,
  now: Instant,
): Admission {
  if (!sameHash(sha256Hex(code), activation.codeHash)) {
    return refused('WRONG_CODE', 'the activation code is wrong');
  }
  if (activation.expiresAt !== null && activation.expiresAt <= now) {
    return refused('ACTIVATION_EXPIRED', `activation ${activation.id} has expired`);
  }
  if (registrationsBy(activation.id, registry) >= activation.registrationLimit) {
    const limit = activation.registrationLimit;
    return refused('ACTIVATION_USED_UP', `activation ${activation.id} allows ${limit} nodes`);
  }
  return {
    kind: 'register',
    registration: {
      node: applicant.node,
      publicKey: applicant.publicKey,
      activationId: activation.id,
      name: activation.defaultName ?? applicant.hostname,
      tags: activation.tags,
      at: now,
    },
  };
}

/** The count of an activation is the number of its records; revoked nodes count too, so a code cannot be farmed. */
function registrationsBy(activationId: string, registry: Registry): number {
  let count = 0;
  for (const registration of registry.registrations.values()) {
    if (registration.activationId === activationId) count++;
  }
  return count;
}

function sameHash(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

const refused = (code: RefusalReason, message: string): Admission => ({
  kind: 'refused',
  code,
  message,
});
