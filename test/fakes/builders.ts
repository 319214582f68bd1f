/** Fleets for tests: every builder fills in what is not the point of the test. */
import { createHash } from 'node:crypto';
import { executionIdOf, runIdOf } from '../../src/core/canonical/occasion.ts';
import type { Facts } from '../../src/core/compliance/facts.ts';
import type { Association } from '../../src/core/model/association.ts';
import type {
  AssociationName,
  CommitId,
  Digest,
  Instant,
  NodeId,
} from '../../src/core/model/brand.ts';
import {
  associationName,
  blobId,
  commitId,
  digest,
  documentName,
  instant,
  nodeId,
} from '../../src/core/model/brand.ts';
import type { Calendar, CalendarEvent } from '../../src/core/model/calendar.ts';
import type { Catalog } from '../../src/core/model/catalog.ts';
import type { AssociationDigests, Definition } from '../../src/core/model/definition.ts';
import type { LastSeenFacts, Node, Registration } from '../../src/core/model/node.ts';
import type { Waiting } from '../../src/core/model/standing.ts';
import type { Outcome, State } from '../../src/core/model/state.ts';
import { emptyState } from '../../src/core/model/state.ts';
import { apply } from '../../src/core/world/apply.ts';
import type { NewRun, Record } from '../../src/core/world/records.ts';

const hex = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The `n`-th key, `ed25519:…`, and the node that it is. */
export function aKey(n: number): { readonly publicKey: string; readonly node: NodeId } {
  const raw = createHash('sha256').update(`key ${n}`).digest();
  const id = createHash('sha256').update(raw).digest('hex').slice(0, 17);
  return { publicKey: `ed25519:${raw.toString('base64')}`, node: nodeId(`mi-${id}`) };
}
export const aNodeId = (n: number): NodeId => aKey(n).node;
export const aCommit = (n: number): CommitId => commitId(hex(`commit ${n}`).slice(0, 40));
export const aDigest = (text: string): Digest => digest(hex(text));
export const aName = (text: string): AssociationName => associationName(text);
export const noon: Instant = instant(Date.UTC(2027, 0, 31, 12));
export const minutesAfter = (at: Instant, minutes: number): Instant =>
  instant(at + minutes * 60_000);

export function aRegistration(n: number, of: Partial<Registration> = {}): Registration {
  const { publicKey, node } = aKey(n);
  const name = `web-${n}`;
  return { node, publicKey, activationId: 'act-1', name, tags: { role: 'web' }, at: noon, ...of };
}

export const someFacts = (of: Partial<LastSeenFacts> = {}): LastSeenFacts => ({
  hostname: 'web-1.example.org',
  platformType: 'Linux',
  platformName: 'Debian GNU/Linux',
  platformVersion: '12',
  architecture: 'x86_64',
  agentVersion: '0.1.0',
  bootId: 'boot-1',
  ...of,
});

export function anAssociation(name: string, of: Partial<Association> = {}): Association {
  return {
    name: aName(name),
    document: documentName('KeepFile'),
    documentVersion: { kind: 'default' },
    parameters: {},
    targets: [{ kind: 'all' }],
    schedule: null,
    applyOnlyAtCronInterval: false,
    calendarNames: [],
    maxConcurrency: { kind: 'percent', percent: 100 },
    maxErrors: { kind: 'percent', percent: 100 },
    complianceSeverity: 'UNSPECIFIED',
    syncCompliance: 'AUTO',
    outputLocation: null,
    tags: {},
    startingDeadlineMs: 600_000,
    durationMs: null,
    alarm: null,
    dependsOn: [],
    suspend: null,
    rings: [],
    timeoutMs: null,
    onInterrupted: 'Report',
    notEffective: [],
    file: `associations/${name}.yaml`,
    line: 1,
    blob: blobId(hex(name).slice(0, 40)),
    digest: aDigest(name),
    ...of,
  };
}

export const someDigests = (text: string): AssociationDigests => ({
  generation: aDigest(`generation ${text}`),
  document: aDigest(`document ${text}`),
  parameters: aDigest(`parameters ${text}`),
  written: aDigest(`written ${text}`),
  output: aDigest(`output ${text}`),
  schedule: aDigest(`schedule ${text}`),
  targets: aDigest(`targets ${text}`),
  whole: aDigest(`whole ${text}`),
});

export function aDefinition(
  name: string,
  of: { readonly association?: Partial<Association>; readonly description?: string } = {},
): Definition {
  return {
    association: anAssociation(name, of.association),
    document: {
      name: documentName('KeepFile'),
      number: null,
      document: {
        schemaVersion: '2.2',
        description: of.description ?? 'Keeps a file as stated.',
        parameters: new Map(),
        steps: [],
        content: {},
        digest: aDigest('document'),
      },
      origin: 'repository',
      file: 'documents/KeepFile.yaml',
      blob: null,
    },
    documentNumber: 1,
    parameters: {},
    parameterStore: {},
    includes: [],
    digests: someDigests(name),
    timeoutBudgetMs: 3_600_000,
  };
}

export const aCatalog = (of: Partial<Catalog> = {}): Catalog => ({
  commit: aCommit(1),
  settings: {
    defaults: { timezone: 'UTC', maxConcurrency: '50', maxErrors: '100%' },
    strict: 'off',
    triggers: { parameterValues: true },
    guards: {
      maxRemovedAssociationsPercent: 20,
      minRemovedAssociations: 5,
      maxRemovedNodesPercent: 25,
      minRemovedNodes: 50,
      maxAffectedNodes: null,
    },
  },
  associations: new Map(),
  documents: new Map(),
  nodes: new Map(),
  activations: new Map(),
  groups: new Map(),
  parameters: new Map(),
  calendars: new Map(),
  problems: [],
  invalid: new Map(),
  files: new Map(),
  invalidAssociations: new Map(),
  ...of,
});

export const aCalendar = (name: string, of: Partial<Calendar> = {}): Calendar => ({
  name,
  kind: 'DEFAULT_OPEN',
  file: `calendars/${name}.ics`,
  unreadable: null,
  floatingZone: 'UTC',
  zones: [],
  events: [],
  ...of,
});

/** Once, from one instant to another. */
export const anEvent = (start: Instant, end: Instant): CalendarEvent => ({
  summary: '',
  line: 1,
  start: { local: start, zone: 'UTC' },
  length: { clockMs: 0, ms: end - start },
  rule: null,
  further: [],
  except: [],
});

/** The state that records fold into. */
export function stateOf(records: Iterable<Record>): State {
  const state = emptyState();
  for (const record of records) apply(state, record);
  return state;
}

/** A daemon that has accepted a revision. */
export const foundation: readonly Record[] = [
  { kind: 'instance', name: 'prod', epoch: 1, daemonKey: aKey(0).publicKey },
  { kind: 'accepted', commit: aCommit(1), position: 1, by: 'first', at: noon },
];

export const registered = (n: number, of: Partial<Registration> = {}): Record => ({
  kind: 'registered',
  registration: aRegistration(n, of),
});

export const connected = (n: number, of: Partial<LastSeenFacts> = {}, at = noon): Record => ({
  kind: 'connected',
  node: aNodeId(n),
  facts: someFacts({ hostname: `web-${n}.example.org`, ...of }),
  at,
});

/** An association in force; `generation` names its digests. */
export const inForce = (name: string, generation = name, commit = aCommit(1)): Record => ({
  kind: 'association',
  name: aName(name),
  version: 1,
  commit,
  file: `associations/${name}.yaml`,
  digests: someDigests(generation),
  generationCommit: commit,
  anchor: noon,
  lastSlot: noon,
  rollout: null,
});

export const assigned = (name: string, numbers: readonly number[]): Record => ({
  kind: 'assigned',
  association: aName(name),
  nodes: numbers.map(aNodeId),
});

export type ExecutionOf = {
  readonly generation?: string;
  readonly occasion?: string;
  readonly reason?: string;
  readonly commit?: CommitId;
  readonly at?: Instant;
};

/** Runs of these nodes are owed from now on. */
export function executionOf(
  name: string,
  numbers: readonly number[],
  of: ExecutionOf = {},
): Record & { kind: 'execution' } {
  const commit = of.commit ?? aCommit(1);
  const generation = someDigests(of.generation ?? name).generation;
  const occasion = of.occasion ?? `change:${commit}`;
  const runs: NewRun[] = numbers.map(aNodeId).map((node) => ({
    node,
    run: runIdOf(node, aName(name), generation, occasion),
  }));
  return {
    kind: 'execution',
    id: executionIdOf(aName(name), generation, occasion),
    association: aName(name),
    occasion,
    trigger: 'create',
    reason: of.reason ?? `new association in ${commit.slice(0, 7)}`,
    generation,
    revision: commit,
    timeoutBudgetMs: 3_600_000,
    at: of.at ?? noon,
    runs,
  };
}

function runOf(execution: Record & { kind: 'execution' }, n: number): NewRun {
  const { association, generation, occasion } = execution;
  const node = aNodeId(n);
  return { node, run: runIdOf(node, association, generation, occasion) };
}

export function started(execution: Record & { kind: 'execution' }, n: number): Record {
  const { node, run } = runOf(execution, n);
  return { kind: 'started', execution: execution.id, node, run, at: execution.at };
}

/** The node has told how its run ended. */
export function finished(
  execution: Record & { kind: 'execution' },
  n: number,
  of: Partial<Outcome> = {},
): Record {
  const { node, run } = runOf(execution, n);
  const status = of.status ?? 'Success';
  const finishedAt = of.finishedAt ?? minutesAfter(execution.at, 1);
  return {
    kind: 'finished',
    execution: execution.id,
    association: execution.association,
    node,
    at: finishedAt,
    outcome: {
      run,
      status,
      detailedStatus: of.detailedStatus ?? status,
      summary: status === 'Success' ? '' : '1 out of 1 plugin processed, 0 success, 1 failed',
      exitCode: status === 'Success' ? null : 1,
      failedStep: status === 'Success' ? null : 'step1',
      outputTail: status === 'Success' ? '' : 'cannot write /etc/motd',
      startedAt: execution.at,
      finishedAt,
      digest: aDigest(`result ${run}`),
      ...of,
    },
  };
}

/** What compliance asks, over a state; every registered node is enrolled unless said otherwise. */
export function factsOf(state: State, of: Partial<Facts> = {}): Facts {
  return {
    now: minutesAfter(noon, 2),
    state,
    definitions: new Map([...state.associations.keys()].map((name) => [name, aDefinition(name)])),
    nodes: nodesOfState(state),
    boundWaiting: (): Waiting => ({ reason: 'schedule', until: null }),
    waitingOf: (): Waiting => ({ reason: 'offline', until: null }),
    ...of,
  };
}

export function nodesOfState(state: State): ReadonlyMap<NodeId, Node> {
  const nodes = new Map<NodeId, Node>();
  for (const registration of state.registrations.values()) {
    if (state.revoked.has(registration.node)) continue;
    const { node: id, name, publicKey, tags } = registration;
    nodes.set(id, { id, name, publicKey, tags, registration, file: null });
  }
  return nodes;
}
