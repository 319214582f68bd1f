/** The control socket's requests, answered: questions from the world as it is, wishes through the inbox like any event. */
import type { ControlAnswer, ControlRequest } from '../control/routes.ts';
import { nearest } from '../core/document/nearest.ts';
import type { AssociationName } from '../core/model/brand.ts';
import { isExecutionId, parseInstant } from '../core/model/brand.ts';
import { ReconcileError, unreachable } from '../core/model/errors.ts';
import { executionStatuses } from '../core/model/execution-status.ts';
import type { Json } from '../core/model/json.ts';
import { compareText } from '../core/model/problem.ts';
import { associationFile } from '../core/report/association-file.ts';
import { associationJson, versionsJson } from '../core/report/association-json.ts';
import { executionJson, executionTargetJson } from '../core/report/execution-json.ts';
import { summarize } from '../core/report/summary.ts';
import type { OperatorRequest } from '../core/world/events.ts';
import { matchingExecutions } from '../core/world/execution-query.ts';
import { explainNamed } from '../core/world/explanation.ts';
import { waitingOf } from '../core/world/waiting.ts';
import type { World } from '../core/world/world.ts';
import { lastPlanReport } from '../reconcile/last-plan.ts';
import { lookAt } from '../reconcile/look.ts';
import { isSettled } from '../reconcile/settled.ts';
import {
  byOf,
  commitIn,
  executionIdIn,
  nameOf,
  namesIn,
  nodeIn,
  nodesIn,
  textIn,
} from './asked.ts';
import { listNodes } from './node-listing.ts';
import { noticesOf } from './notices.ts';
import type { Triggers } from './triggers.ts';
import type { Parts } from './wire.ts';

const LISTED_MAX = 1_000;

type Values = ControlRequest['values'];

export async function answerControl(
  parts: Parts,
  triggers: Triggers,
  request: ControlRequest,
  signal: AbortSignal,
): Promise<ControlAnswer> {
  try {
    return await answer(parts, triggers, request, signal);
  } catch (cause) {
    if (!(cause instanceof ReconcileError)) throw cause;
    return { ok: false, code: cause.code, message: cause.message };
  }
}

async function answer(
  parts: Parts,
  triggers: Triggers,
  { route, values }: ControlRequest,
  signal: AbortSignal,
): Promise<ControlAnswer> {
  const { world } = parts;
  switch (route) {
    case 'status':
      return { ok: true, value: await statusOf(parts, triggers, signal) };
    case 'nodes':
      return { ok: true, value: listNodes(world, parts.ports.clock.now()) };
    case 'associations':
      return { ok: true, value: await associationsOf(parts, signal) };
    case 'association':
      return associationOf(parts, textIn(values, 'association') ?? '', signal);
    case 'versions':
      return versionsOf(world, nameOf(textIn(values, 'association') ?? ''));
    case 'executions':
      return { ok: true, value: executionsOf(world, values) };
    case 'execution':
      return executionOf(world, textIn(values, 'id'));
    case 'explain':
      return explained(parts, values);
    case 'run': {
      const among = nodesIn(world, values, 'among');
      return ask(parts, values, {
        kind: 'run',
        associations: namesIn(values),
        nodes: nodesIn(world, values, 'nodes'),
        ...(among === null ? {} : { among }),
      });
    }
    case 'cancel':
      return ask(parts, values, { kind: 'cancel', execution: executionIdIn(values) });
    case 'pause':
      return ask(parts, values, { kind: 'pause' });
    case 'resume': {
      const name = textIn(values, 'association');
      const association = name === null ? null : nameOf(name);
      return ask(parts, values, { kind: 'resume', association });
    }
    case 'revoke':
      return ask(parts, values, { kind: 'revoke', node: nodeIn(world, values) });
    case 'accept':
      if (values['recover'] === true) {
        await parts.recovery.beginAnew();
        await triggers.sync();
        return { ok: true, value: acceptedOf(world) };
      }
      await parts.observer.accept(commitIn(values), byOf(values), signal);
      return { ok: true, value: acceptedOf(world) };
    case 'sync':
      await triggers.sync();
      return { ok: true, value: acceptedOf(world) };
    default:
      return unreachable(route);
  }
}

async function ask(parts: Parts, values: Values, request: OperatorRequest): Promise<ControlAnswer> {
  const by = byOf(values);
  const answered = await parts.rooms.answers.ask(parts.inbox, (id) => ({
    kind: 'operator',
    id,
    by,
    request,
  }));
  if (!answered.ok) return answered;
  const { message, executions } = answered;
  return { ok: true, value: { message, executions } };
}

// --- questions --------------------------------------------------------------------------------------------------

async function statusOf(
  { world, config, ports, publisher, twins }: Parts,
  triggers: Triggers,
  signal: AbortSignal,
): Promise<Json> {
  const source = {
    url: config.source.url,
    branch: config.source.branch,
    error: triggers.lastError?.code ?? null,
  };
  const looked = await lookAt(world, ports.clock, signal);
  const nowMs = ports.clock.monotonicMs();
  const notices = noticesOf(world, { nowMs, source: triggers, status: publisher, twins: twins() });
  if (looked === null) return { summary: null, source, settled: false, notices };
  const summary = summarize({
    ...looked,
    plan: null,
    foreignPaths: [],
    contested: publisher.rival !== null,
    sign: () => '',
  });
  return {
    summary: JSON.parse(JSON.stringify(summary)) as Json,
    source,
    settled: isSettled(world),
    notices,
    plan: lastPlanOf(world),
  };
}

function explained({ world, ports }: Parts, values: Values): ControlAnswer {
  const explanation = explainNamed(world, {
    node: textIn(values, 'node') ?? '',
    association: textIn(values, 'association'),
    now: ports.clock.now(),
    contact: 'live',
    waitingOf: (execution, run) => waitingOf(world, execution, run),
  });
  return explanation.ok ? explanation : { ok: false, ...explanation.error };
}

function lastPlanOf(world: World): Json {
  const report = lastPlanReport(world);
  if (report === null) return null;
  const { summary, planId, base, head } = report;
  return { planId, base, head, summary };
}

async function associationsOf({ world, ports }: Parts, signal: AbortSignal): Promise<Json> {
  const looked = await lookAt(world, ports.clock, signal);
  if (looked === null) {
    throw new ReconcileError('NO_REVISION', 'no revision is in force yet', { retry: 'backoff' });
  }
  const { state, catalog, definitions, standings } = looked;
  const associations = [...state.associations.values()]
    .sort((a, b) => compareText(a.name, b.name))
    .flatMap((association) => {
      const { name } = association;
      const standing = standings.associations.get(name);
      if (standing === undefined) return [];
      return associationJson({
        instance: state.instance?.name ?? null,
        association,
        standing,
        definition: definitions.get(name),
        validity: catalog.invalidAssociations.has(name) ? 'Invalid' : 'Valid',
      });
    });
  return asJson({ associations });
}

/** What its `status.json` would say now. */
async function associationOf(
  { world, ports }: Parts,
  wanted: string,
  signal: AbortSignal,
): Promise<ControlAnswer> {
  const name = nameOf(wanted);
  const looked = await lookAt(world, ports.clock, signal);
  const view =
    looked === null
      ? null
      : { ...looked, plan: null, foreignPaths: [], contested: false, sign: () => '' };
  const text = view === null ? null : associationFile(view, name);
  if (text === null) return unknownAssociation(world, name);
  return { ok: true, value: JSON.parse(text) as Json };
}

function versionsOf(world: World, name: AssociationName): ControlAnswer {
  const { state } = world;
  if (!state.associations.has(name)) return unknownAssociation(world, name);
  return { ok: true, value: asJson(versionsJson(name, state.versions.get(name) ?? [])) };
}

function unknownAssociation({ state }: World, name: AssociationName): ControlAnswer {
  const near = nearest(name, [...state.associations.keys()]);
  const hint = near === null ? '' : `; nearest is ${near}`;
  return {
    ok: false,
    code: 'UNKNOWN_ASSOCIATION',
    message: `no association ${name} is in force${hint}`,
  };
}

/** A filter that is no such thing filters nothing: the command has refused it before. */
function executionsOf(world: World, values: Values): Json {
  const association = textIn(values, 'association');
  const instantIn = (key: string) => parseInstant(textIn(values, key) ?? '');
  const found = matchingExecutions(world.state.executions.values(), {
    association: association === null ? null : nameOf(association),
    status: executionStatuses.find((status) => status === textIn(values, 'status')) ?? null,
    createdAfter: instantIn('createdAfter'),
    createdBefore: instantIn('createdBefore'),
  });
  const instance = world.state.instance?.name ?? null;
  return found.slice(0, LISTED_MAX).map((each) => asJson(executionJson(each, instance)));
}

function executionOf(world: World, id: string | null): ControlAnswer {
  const execution = id !== null && isExecutionId(id) ? world.state.executions.get(id) : undefined;
  if (execution === undefined) {
    const message = `no execution ${id ?? ''} is remembered; older ones are below executions/ on the status branch`;
    return { ok: false, code: 'UNKNOWN_EXECUTION', message };
  }
  const runs = [...execution.runs.values()].map((run) =>
    executionTargetJson(
      run,
      run.phase === 'Pending' ? waitingOf(world, execution, run).reason : null,
    ),
  );
  const instance = world.state.instance?.name ?? null;
  return { ok: true, value: asJson({ ...executionJson(execution, instance), runs }) };
}

/** What the schema's types allow beside JSON (absent keys) is gone in JSON. */
const asJson = (answer: object): Json => JSON.parse(JSON.stringify(answer)) as Json;

const acceptedOf = ({ state }: World): Json => ({
  accepted: state.accepted === null ? null : state.accepted.commit,
  held: state.held === null ? null : { code: state.held.code, reason: state.held.reason },
});
