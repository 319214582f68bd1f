import type { Document, Step } from '../model/document.ts';
import type { Problem } from '../model/problem.ts';
import { KNOWN_ACTIONS, runsOn } from './actions.ts';
import { nearest } from './nearest.ts';
import type { PlatformType } from './prepared.ts';

/**
 * What the agents of this program, which run on Linux, cannot do yet is an error, so that nothing is skipped without a
 * word; unless the step is not for Linux anyway. Actions that the language does not know are a warning: such steps fail.
 */
export function documentProblemsForPlatformActions(
  document: Document,
  options: { readonly file: string; readonly builtActions: ReadonlySet<string> },
): readonly Problem[] {
  return document.steps.flatMap((step): readonly Problem[] => {
    const { action, place } = step;
    const at = {
      file: options.file,
      line: place.line,
      column: place.column,
      pointer: place.pointer,
    };
    if (!KNOWN_ACTIONS.has(action)) {
      const near = nearest(action, KNOWN_ACTIONS);
      const message = `${action} is no action of the language: step ${step.name} will fail`;
      const hint = near === null ? '' : `Did you mean ${near}?`;
      return [{ ...at, code: 'unknown-action', severity: 'warning', message, hint }];
    }
    // The language itself skips or fails these on Linux.
    if (options.builtActions.has(action) || !runsOn(action, 'Linux') || isElsewhere(step))
      return [];
    const message = `${action} is not built yet, so step ${step.name} cannot run`;
    const hint =
      'Restrict the step to another platform with precondition: {StringEquals: [platformType, Windows]}, or use a script.';
    return [{ ...at, code: 'action-not-built', severity: 'error', message, hint }];
  });
}

const OTHER_PLATFORMS: readonly PlatformType[] = ['Windows', 'MacOS'];

/** A precondition names a platform that is not Linux. */
function isElsewhere({ precondition }: Step): boolean {
  const operands = precondition?.['StringEquals'] ?? [];
  if (operands.length !== 2 || !operands.includes('platformType')) return false;
  return operands.some((operand) =>
    OTHER_PLATFORMS.some((platform) => platform.toLowerCase() === operand.toLowerCase()),
  );
}
