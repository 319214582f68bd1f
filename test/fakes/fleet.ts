/** A small fleet in memory for tests of the core: definitions, revisions and agents that answer, all by a line each. */
import assert from 'node:assert/strict';
import { digestOf } from '../../src/core/canonical/digest.ts';
import type { Association } from '../../src/core/model/association.ts';
import type {
  AssociationName,
  CommitId,
  Instant,
  NodeId,
  RunId,
} from '../../src/core/model/brand.ts';
import {
  associationName,
  blobId,
  commitId,
  documentName,
  instant,
  nodeId,
} from '../../src/core/model/brand.ts';
import type { Calendar } from '../../src/core/model/calendar.ts';
import type { Catalog } from '../../src/core/model/catalog.ts';
import type { ComplianceReport } from '../../src/core/model/compliance.ts';
import type { Definition } from '../../src/core/model/definition.ts';
import type { NodeFile, Tags } from '../../src/core/model/node.ts';
import type { RunStatus } from '../../src/core/model/run.ts';
import type { Execution } from '../../src/core/model/state.ts';
import { parseRateLimit } from '../../src/core/rollout/limits.ts';
import { parseSchedule } from '../../src/core/schedule/parse.ts';
import type { Target } from '../../src/core/selector/target.ts';
import type { Advance } from '../../src/core/world/advance.ts';
import { advance } from '../../src/core/world/advance.ts';
import type { Effect } from '../../src/core/world/effects.ts';
import type { Event, LoadedRevision } from '../../src/core/world/events.ts';
import type { Record } from '../../src/core/world/records.ts';
import { World } from '../../src/core/world/world.ts';

export const NOON = instant(Date.parse('2026-03-01T12:00:00Z'));
export const MINUTE = 60_000;

/** `node(7)` is `mi-00000000000000007`. */
export const node = (n: number): NodeId => nodeId(`mi-${n.toString(16).padStart(17, '0')}`);
export const commit = (n: number): CommitId => commitId(n.toString(16).padStart(40, '0'));
export const named = (name: string): AssociationName => associationName(name);

export type AssociationSpec = {
  /** Stands for the document's content. */
  readonly document?: string;
  readonly documentName?: string;
  readonly parameters?: string;
  /** Stands for what the Parameter Store holds. */
  readonly values?: string;
  readonly schedule?: string;
  readonly timezone?: string;
  readonly offsetDays?: number;
  readonly flag?: boolean;
  readonly targets?: readonly Target[];
  readonly maxConcurrency?: string;
  readonly maxErrors?: string;
  readonly severity?: Association['complianceSeverity'];
  readonly syncCompliance?: Association['syncCompliance'];
  readonly onInterrupted?: Association['onInterrupted'];
  readonly durationMs?: number;
  readonly alarm?: NonNullable<Association['alarm']>;
  readonly dependsOn?: readonly string[];
  readonly suspend?: NonNullable<Association['suspend']>;
  readonly rings?: Association['rings'];
  readonly calendarNames?: readonly string[];
};

export function definition(name: string, spec: AssociationSpec): Definition {
  const schedule = scheduleOf(spec);
  const association: Association = {
    name: named(name),
    document: documentName(spec.documentName ?? 'Doc'),
    documentVersion: { kind: 'default' },
    parameters: {},
    targets: spec.targets ?? [{ kind: 'all' }],
    schedule,
    applyOnlyAtCronInterval: spec.flag ?? false,
    calendarNames: spec.calendarNames ?? [],
    maxConcurrency: parseRateLimit(spec.maxConcurrency ?? '100%'),
    maxErrors: parseRateLimit(spec.maxErrors ?? '100%'),
    complianceSeverity: spec.severity ?? 'UNSPECIFIED',
    syncCompliance: spec.syncCompliance ?? 'AUTO',
    outputLocation: null,
    tags: {},
    startingDeadlineMs: 10 * MINUTE,
    durationMs: spec.durationMs ?? null,
    alarm: spec.alarm ?? null,
    dependsOn: (spec.dependsOn ?? []).map(named),
    suspend: spec.suspend ?? null,
    rings: spec.rings ?? [],
    timeoutMs: null,
    onInterrupted: spec.onInterrupted ?? 'Report',
    notEffective: [],
    file: `associations/${name}.yaml`,
    line: 1,
    blob: blobId('0'.repeat(40)),
    digest: digestOf({ name, ...spec }),
  };
  const document = digestOf(spec.document ?? 'v1');
  const parameters = digestOf(spec.parameters ?? '');
  const output = digestOf('');
  const values = digestOf([parameters, spec.values ?? '']);
  return {
    association,
    document: {
      name: association.document,
      number: null,
      origin: 'repository',
      file: 'documents/Doc.yaml',
      blob: null,
      document: {
        schemaVersion: '2.2',
        description: '',
        parameters: new Map(),
        steps: [],
        content: {},
        digest: document,
      },
    },
    documentNumber: null,
    parameters: {},
    parameterStore: {},
    includes: [],
    timeoutBudgetMs: 60 * MINUTE,
    digests: {
      document,
      parameters: values,
      written: parameters,
      output,
      generation: digestOf([document, values, output]),
      schedule: digestOf([
        spec.schedule ?? null,
        spec.flag ?? false,
        spec.timezone ?? 'UTC',
        spec.offsetDays ?? null,
      ]),
      targets: digestOf(association.targets),
      whole: association.digest,
    },
  };
}

function scheduleOf(spec: AssociationSpec): Association['schedule'] {
  if (spec.schedule === undefined) return null;
  const parsed = parseSchedule(spec.schedule, {
    timezone: spec.timezone ?? 'UTC',
    strictAws: false,
    offsetDays: spec.offsetDays ?? null,
    applyOnlyAtCronInterval: spec.flag ?? false,
  });
  assert.ok(parsed.ok, `schedule ${spec.schedule} parses`);
  return parsed.value;
}

export function revision(
  n: number,
  associations: { readonly [name: string]: AssociationSpec },
  nodes: { readonly [n: number]: Tags } = { 1: {}, 2: {}, 3: {} },
  calendars: readonly Calendar[] = [],
): LoadedRevision {
  const definitions = new Map(
    Object.entries(associations).map(([name, spec]) => [named(name), definition(name, spec)]),
  );
  const files = new Map<NodeId, NodeFile>(
    Object.entries(nodes).map(([number, tags]) => {
      const id = node(Number(number));
      const file = `nodes/${number}.yaml`;
      return [id, { node: id, name: null, tags, publicKey: `key-${number}`, revoked: false, file }];
    }),
  );
  const catalog: Catalog = {
    commit: commit(n),
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
    associations: new Map([...definitions].map(([name, each]) => [name, each.association])),
    documents: new Map(),
    nodes: files,
    activations: new Map(),
    groups: new Map(),
    parameters: new Map(),
    calendars: new Map(calendars.map((calendar) => [calendar.name, calendar])),
    problems: [],
    invalid: new Map(),
    files: new Map(),
    invalidAssociations: new Map(),
  };
  return { commit: commit(n), catalog, definitions };
}

/** A world, its clock and its journal, driven by hand. */
export class TestFleet {
  readonly world: World;
  readonly journal: Record[] = [];
  now: Instant;
  effects: Effect[] = [];
  last: Advance | null = null;

  constructor(world = new World(), now = NOON) {
    this.world = world;
    this.now = now;
    this.happen({ kind: 'boot', instance: 'test', daemonKey: 'key' });
  }

  /** A new process: state from the journal, nobody connected, no revision read yet. */
  restarted(): TestFleet {
    const world = new World();
    for (const record of this.journal) world.apply(record);
    const again = new TestFleet(world, this.now);
    again.journal.unshift(...this.journal);
    return again;
  }

  /** Advances until nothing more is due; effects gather in `effects`. */
  happen(...events: Event[]): this {
    let queue = events;
    do {
      this.last = advance(this.world, queue, this.now);
      this.journal.push(...this.last.records);
      this.effects.push(...this.last.effects);
      queue = [];
    } while (this.last.more);
    return this;
  }

  after(ms: number): this {
    this.now = instant(this.now + ms);
    return this.happen({ kind: 'tick' });
  }

  accept(loaded: LoadedRevision, allowDelete = 0): this {
    return this.happen({
      kind: 'revision',
      revision: loaded,
      ancestry: this.world.state.accepted === null ? 'first' : 'descendant',
      distance: 1,
      allowDelete,
      acceptedBy: null,
    });
  }

  connect(...numbers: number[]): this {
    return this.happen(
      ...numbers.map((n): Event => ({ kind: 'connected', node: node(n), hello: hello() })),
    );
  }

  /** With their old keys on empty disks. */
  connectAnew(...numbers: number[]): this {
    const anew = { ...hello(), seen: { epoch: 0, position: 0 } };
    return this.happen(
      ...numbers.map((n): Event => ({ kind: 'connected', node: node(n), hello: anew })),
    );
  }

  /** Jobs handed over since the last call: `{node, run, association}`. */
  takeJobs(): readonly (Effect & { kind: 'send-job' })[] {
    const jobs = this.effects.filter((effect) => effect.kind === 'send-job');
    this.effects = this.effects.filter((effect) => effect.kind !== 'send-job');
    return jobs;
  }

  /** Nodes that were asked for a run since the last call answer that they know nothing of it. */
  disown(): this {
    const asked = this.effects.filter((effect) => effect.kind === 'revoke-job');
    this.effects = this.effects.filter((effect) => effect.kind !== 'revoke-job');
    return this.happen(
      ...asked.map(({ node: id, run }): Event => ({ kind: 'revoked-job', node: id, run })),
    );
  }

  start(job: Effect & { kind: 'send-job' }): this {
    return this.happen({ kind: 'started', node: job.node, run: job.run, at: this.now });
  }

  finish(
    job: Effect & { kind: 'send-job' },
    status: RunStatus = 'Success',
    refresh: readonly string[] | null = null,
    compliance: ComplianceReport | null = null,
  ): this {
    return this.happen({
      kind: 'result',
      refresh,
      node: job.node,
      execution: job.execution,
      association: job.association,
      compliance,
      outcome: {
        run: job.run,
        status,
        detailedStatus: status,
        summary: '',
        exitCode: status === 'Success' ? null : 1,
        failedStep: null,
        outputTail: '',
        startedAt: this.now,
        finishedAt: this.now,
        digest: digestOf([job.run, status]),
      },
    });
  }

  /** Starts and finishes every job until none comes. */
  runAll(status: (node: NodeId) => RunStatus = () => 'Success'): readonly string[] {
    const done: string[] = [];
    for (let jobs = this.takeJobs(); jobs.length > 0; jobs = this.takeJobs()) {
      for (const job of jobs) {
        this.start(job).finish(job, status(job.node));
        done.push(`${job.association}@${Number.parseInt(job.node.slice(3), 16)}`);
      }
    }
    return done;
  }

  executions(): readonly Execution[] {
    return [...this.world.state.executions.values()];
  }
}

export function hello(running: RunId | null = null, startedAt: Instant | null = null) {
  return {
    facts: {
      hostname: 'host',
      platformType: 'Linux' as const,
      platformName: 'Debian GNU/Linux',
      platformVersion: '12',
      architecture: 'x86_64',
      agentVersion: '0.1.0',
      bootId: 'boot',
    },
    running,
    startedAt,
    // Of an agent that has taken a job before.
    seen: { epoch: 1, position: 0 },
    lastRuns: [],
  };
}
