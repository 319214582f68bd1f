import type { Document, Step } from '../model/document.ts';
import type { Problem } from '../model/problem.ts';
import { KNOWN_ACTIONS, runsOn } from './actions.ts';
import { nearest } from './nearest.ts';
import type { PlatformType } from './prepared.ts';

type Options = {
  readonly file: string;
  readonly builtActions: readonly string[];
  /** Linux, unless an author asks about another one: the agents of this program run nowhere else. */
  readonly platformType?: PlatformType;
};

/**
 * What the agents of this program, which run on Linux, cannot do yet is an error, so that nothing is skipped without a
 * word; unless the step is not for Linux anyway. Actions that the language does not know are a warning: such steps fail.
 */
export function documentProblemsForPlatformActions(
  document: Document,
  { file, builtActions, platformType = 'Linux' }: Options,
): readonly Problem[] {
  const found = document.steps.flatMap((step): readonly Problem[] => {
    const fault = faultOf(step, document, { builtActions, platformType });
    return fault === null ? [] : [{ file, ...step.place, ...fault }];
  });
  const elsewhere = document.steps.every(
    (step) =>
      isElsewhere(step, platformType) ||
      (KNOWN_ACTIONS.has(step.action) && !runsOn(step.action, platformType)),
  );
  return elsewhere ? [...found, { file, ...nothingRunsOn(platformType) }] : found;
}

function nothingRunsOn(platformType: PlatformType): Omit<Problem, 'file'> {
  const where = platformType === 'Linux' ? ', where the agents of this program run' : '';
  return {
    code: 'not-for-platform',
    severity: 'warning',
    line: 1,
    column: 1,
    pointer: '',
    message: `no step of this document runs on ${platformType}${where}`,
    hint: 'Target nodes of another platform, or add a step for this one.',
  };
}

type Fault = Pick<Problem, 'code' | 'severity' | 'message' | 'hint'>;

function faultOf(
  step: Step,
  { schemaVersion }: Document,
  { builtActions, platformType }: Required<Omit<Options, 'file'>>,
): Fault | null {
  const { action } = step;
  if (!KNOWN_ACTIONS.has(action)) {
    const near = nearest(action, KNOWN_ACTIONS);
    const message = `${action} is no action of the language: step ${step.name} will fail`;
    const hint = near === null ? '' : `Did you mean ${near}?`;
    return { code: 'unknown-action', severity: 'warning', message, hint };
  }
  if (!runsOn(action, platformType)) {
    if (schemaVersion === '2.2') return null; // skipped, as its author wants
    const message = `${action} cannot run on ${platformType}, and before schemaVersion 2.2 such a step fails: ${step.name}`;
    const hint = 'With schemaVersion "2.2" it is skipped there.';
    return { code: 'fails-on-platform', severity: 'warning', message, hint };
  }
  if (platformType !== 'Linux' || builtActions.includes(action)) return null;
  if (isElsewhere(step, platformType)) return null;
  const message = `${action} is not built yet, so step ${step.name} cannot run`;
  const hint =
    'Restrict the step to another platform with precondition: {StringEquals: [platformType, Windows]}, or use a script.';
  return { code: 'action-not-built', severity: 'error', message, hint };
}

const PLATFORMS: readonly PlatformType[] = ['Linux', 'Windows', 'MacOS'];

/** A precondition names another platform than this one. */
function isElsewhere({ precondition }: Step, platformType: PlatformType): boolean {
  const operands = precondition?.['StringEquals'] ?? [];
  if (operands.length !== 2 || !operands.includes('platformType')) return false;
  return PLATFORMS.some(
    (platform) =>
      platform !== platformType &&
      operands.some((operand) => operand.toLowerCase() === platform.toLowerCase()),
  );
}
