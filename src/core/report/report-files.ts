/** The files of the status branch that have to be written again, as text; null removes one. */
import type { AssociationName, NodeId } from '../model/brand.ts';
import { compareText } from '../model/problem.ts';
import type { Execution } from '../model/state.ts';
import { associationFile } from './association-file.ts';
import { associationPage } from './association-page.ts';
import { withExecutions } from './execution-lines.ts';
import { fleetPage } from './fleet-page.ts';
import { nodeFile } from './node-file.ts';
import {
  associationPagePath,
  associationStatusPath,
  executionsPath,
  nodePath,
  PLAN_PATH,
  README_PATH,
  STATE_PATH,
  SUMMARY_PATH,
} from './paths.ts';
import type { PlanReport } from './plan-file.ts';
import { planFile } from './plan-file.ts';
import { signState, stateBody } from './state-file.ts';
import { summarize, summaryFile } from './summary.ts';
import type { DirtyReport, ReportView } from './view.ts';

export type ReportFile = readonly [path: string, text: string | null];

export function reportFiles(
  view: ReportView,
  dirty: DirtyReport,
): ReadonlyMap<string, string | null> {
  return new Map([...renderFiles(view, dirty), renderState(view)]);
}

/** All but state.json, one file at a time: the caller stops when its slice of time is over and goes on later. */
export function* renderFiles(view: ReportView, dirty: DirtyReport): Generator<ReportFile> {
  for (const id of dirty.all ? everyNode(view) : dirty.nodes) {
    yield [nodePath(id), nodeFile(view, id)];
  }
  for (const name of dirty.all ? everyAssociation(view) : dirty.associations) {
    yield [associationStatusPath(name), associationFile(view, name)];
    yield [associationPagePath(name), associationPage(view, name)];
  }
  yield* executionFiles(view, dirty);
  if (view.plan !== null) yield [PLAN_PATH, planText(view.plan)];
  const summary = summarize(view);
  yield [SUMMARY_PATH, summaryFile(summary)];
  yield [README_PATH, fleetPage(summary)];
}

/** For itself, because it is signed, and not worth it while nothing else has changed. */
export const renderState = (view: ReportView): ReportFile => [
  STATE_PATH,
  signState(stateBody(view.state), view.sign),
];

const planTexts = new WeakMap<PlanReport, string>();

/** A plan is told once and published many times. */
function planText(plan: PlanReport): string {
  const text = planTexts.get(plan) ?? planFile(plan);
  planTexts.set(plan, text);
  return text;
}

function everyNode({ nodes, state }: ReportView): readonly NodeId[] {
  const ids = new Set([...nodes.keys(), ...state.registrations.keys(), ...state.revoked.keys()]);
  return [...ids].sort(compareText);
}

const everyAssociation = ({ state }: ReportView): readonly AssociationName[] =>
  [...state.associations.keys()].sort(compareText);

function* executionFiles(view: ReportView, dirty: DirtyReport): Generator<ReportFile> {
  const byPath = new Map<string, Execution[]>();
  const instance = view.state.instance?.name ?? null;
  for (const id of dirty.endedExecutions) {
    const execution = view.state.executions.get(id);
    if (execution === undefined || execution.endedAt === null) continue;
    const path = executionsPath(execution.association, execution.endedAt);
    const executions = byPath.get(path);
    if (executions === undefined) byPath.set(path, [execution]);
    else executions.push(execution);
  }
  for (const [path, executions] of byPath) {
    yield [path, withExecutions(dirty.existing(path), executions, instance)];
  }
}
