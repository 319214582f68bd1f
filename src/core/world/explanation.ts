/** Explanations: where compliance, the forecast and the explaining step meet. The daemon and the offline command ask here. */
import { standingOf } from '../compliance/assignment.ts';
import { nearest } from '../document/nearest.ts';
import { findNode } from '../enrol/find.ts';
import type { AssociationExplanation, NodeExplanation, Subject } from '../explain/explain.ts';
import { explainAssociation, explainNode } from '../explain/explain.ts';
import { nextRun } from '../forecast/forecast.ts';
import type { AssociationName, Instant } from '../model/brand.ts';
import { formatInstant, instant, isNodeId } from '../model/brand.ts';
import type { Definition } from '../model/definition.ts';
import { present } from '../model/errors.ts';
import type { Json } from '../model/json.ts';
import type { Node } from '../model/node.ts';
import { compareText } from '../model/problem.ts';
import type { Result } from '../model/result.ts';
import { err, ok } from '../model/result.ts';
import type { Waiting } from '../model/standing.ts';
import type { Execution, Run } from '../model/state.ts';
import { calendarStanding } from '../rollout/gate.ts';
import { matches } from '../selector/match.ts';
import type { Question as Coming } from './upcoming.ts';
import { scheduledOf } from './upcoming.ts';
import { boundWaiting, refusedOf } from './waiting.ts';
import type { World } from './world.ts';

export type Question = {
  readonly node: Node;
  /** Null: all of them. */
  readonly association: AssociationName | null;
  readonly now: Instant;
  /** `published`: the world was read from a status branch, where nobody is seen to be connected. */
  readonly contact: 'live' | 'published';
  waitingOf(execution: Execution, run: Run): Waiting;
};

export type NamedQuestion = Omit<Question, 'node' | 'association'> & {
  /** Id or name. */
  readonly node: string;
  readonly association: string | null;
};

type Unknown = {
  readonly code: 'UNKNOWN_NODE' | 'UNKNOWN_ASSOCIATION';
  /** With the nearest right thing, or why there is no such thing any more. */
  readonly message: string;
};

/** As people ask, by names; the answer is plain JSON. */
export function explainNamed(
  world: World,
  { node: who, association: what, ...asked }: NamedQuestion,
): Result<Json, Unknown> {
  const node = findNode(world.fleet.nodes, who);
  if (!node.ok) {
    return err({ code: 'UNKNOWN_NODE', message: outsider(world, who) ?? node.error });
  }
  const names = [...(world.revision?.definitions.keys() ?? [])];
  const association = names.find((name) => name === what) ?? null;
  if (what !== null && association === null) {
    const near = nearest(what, names);
    const hint = near === null ? '' : `; nearest is ${near}`;
    const message = `no association is called ${JSON.stringify(what)}${hint}`;
    return err({ code: 'UNKNOWN_ASSOCIATION', message });
  }
  const explanation = explainIn(world, { ...asked, node: node.value, association });
  return ok(JSON.parse(JSON.stringify(explanation)) as Json);
}

/** Known, and yet no node that anything could target. */
function outsider(world: World, id: string): string | null {
  if (!isNodeId(id)) return null;
  const revoked = world.state.revoked.get(id);
  if (revoked !== undefined) {
    return `${id} was revoked by ${revoked.by} at ${formatInstant(revoked.at)}`;
  }
  const file = world.revision?.catalog.nodes.get(id);
  if (file === undefined) return null;
  return file.revoked
    ? `${id} is revoked by ${file.file}`
    : `${id} has not registered yet, and ${file.file} names no PublicKey`;
}

/** Further ahead than this nobody waits. */
const AHEAD_MS = 400 * 24 * 3_600_000;

export function explainIn(world: World, question: Question): NodeExplanation {
  const { node, association, contact } = question;
  const state = world.state.nodes.get(node.id) ?? null;
  const definitions = [...(world.revision?.definitions.values() ?? [])].filter(
    (each) => association === null || each.association.name === association,
  );
  return {
    ...explainNode(node, contact === 'live' ? state : null, {
      ...world.state,
      clock: world.refusals.clockOf(node.id),
    }),
    associations: definitions
      .map((definition) => explained(world, definition, question))
      .sort(targetedFirst),
  };
}

function explained(
  world: World,
  definition: Definition,
  { node, now, contact, waitingOf }: Question,
): AssociationExplanation {
  const { association } = definition;
  const { name } = association;
  const state = world.state.nodes.get(node.id);
  const assignment = state?.assignments.get(name);
  const facts = {
    now,
    state: world.state,
    definitions: world.revision?.definitions ?? new Map(),
    nodes: world.fleet.nodes,
    boundWaiting: (of: AssociationName) => boundWaiting(world, of),
    waitingOf,
    refusedOf: (run: Run) => refusedOf(world, run),
  };
  const bound =
    state === undefined || assignment === undefined
      ? null
      : { assignment, standing: standingOf(facts, state, assignment) };
  const earlierSlots: Coming['earlierSlots'] = contact === 'live' ? 'owed' : 'fired';
  const revision = present(world.revision, 'a definition has its revision');
  const upcoming = scheduledOf(world, revision, definition, {
    from: now,
    earlierSlots,
    start: null,
  });
  const targeted = matches(association.targets, node, revision.catalog.groups);
  const subject: Subject = {
    association,
    inForce: world.state.associations.get(name) ?? null,
    bound,
    invalid: revision.catalog.invalidAssociations.get(name) ?? null,
    calendar: calendarStanding(association, revision.catalog, now),
    gate: targeted ? (upcoming.gateAt(now) ?? placesTaken(world, name, contact)) : null,
    next: targeted ? nextRun(upcoming, { from: now, until: instant(now + AHEAD_MS) }) : null,
  };
  return explainAssociation(subject, node, revision.catalog.groups);
}

/** Who has the places of an association: one that a silent node holds is free at its deadline only. */
function placesTaken(
  { state }: World,
  name: AssociationName,
  contact: Question['contact'],
): Subject['gate'] {
  if (contact === 'published') return null;
  let taken = 0;
  let silent = 0;
  for (const { association, phases, endedAt } of state.executions.values()) {
    if (association !== name || endedAt !== null) continue;
    taken += phases.Offered + phases.Started + phases.Unreachable;
    silent += phases.Unreachable;
  }
  if (silent === 0) return null;
  const detail = `${silent} of ${taken} taken by nodes that are silent since they started`;
  return { reason: 'concurrency', detail };
}

const targetedFirst = (a: AssociationExplanation, b: AssociationExplanation): number =>
  Number(b.targeted) - Number(a.targeted) || compareText(a.association, b.association);
