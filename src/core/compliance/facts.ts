import type { AssociationName, Instant, NodeId } from '../model/brand.ts';
import type { Definition } from '../model/definition.ts';
import type { Node } from '../model/node.ts';
import type { CalendarStanding, Waiting } from '../model/standing.ts';
import type { Execution, Run, State } from '../model/state.ts';

/** What a judgement is made from: durable state, the revision in force, and two answers only the world has. */
export type Facts = {
  readonly now: Instant;
  readonly state: Pick<State, 'nodes' | 'associations' | 'executions' | 'registrations'>;
  readonly definitions: ReadonlyMap<AssociationName, Definition>;
  /** Enrolled nodes; revoked ones are not in it. */
  readonly nodes: ReadonlyMap<NodeId, Node>;
  /** Of a node to which nothing is owed: its next slot, or what keeps that from opening anything. */
  boundWaiting(association: AssociationName): Waiting;
  waitingOf(execution: Execution, run: Run): Waiting;
  /** How the calendars of an association stand; absent: nobody knows. */
  calendarOf?(association: AssociationName): CalendarStanding | null;
  /** Of a run that is being offered again, why it was refused; absent: nobody knows. */
  refusedOf?(run: Run): Waiting | null;
};
