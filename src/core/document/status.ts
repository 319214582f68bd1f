/** How results of steps become one. @see spec/documents.md §3.1, §3.6 */
import type { StepStatus } from '../model/run.ts';

/** States a step can be in while a document runs; `StepStatus` are those it can end in. */
export type StepState =
  | StepStatus
  | 'NotStarted'
  | 'InProgress'
  | 'SuccessAndReboot'
  | 'PassedAndReboot';

/** What a document has come to; `InProgress` when no rule says more. */
export type DocumentState =
  | 'SuccessAndReboot'
  | 'Failed'
  | 'TimedOut'
  | 'Cancelled'
  | 'Success'
  | 'InProgress';

const WORST_FIRST = ['SuccessAndReboot', 'Failed', 'TimedOut', 'Cancelled'] as const;

/** No steps, or only skipped ones, are Success. */
export function documentState(steps: readonly StepState[]): DocumentState {
  const worst = WORST_FIRST.find((state) => steps.includes(state));
  if (worst !== undefined) return worst;
  return steps.every((state) => state === 'Success' || state === 'Skipped')
    ? 'Success'
    : 'InProgress';
}

export function countStates(steps: readonly StepState[]): {
  readonly [state in StepState]?: number;
} {
  const counts: { [state in StepState]?: number } = {};
  for (const state of steps) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

const RANK: readonly StepState[] = [
  'Skipped',
  'Success',
  'SuccessAndReboot',
  'PassedAndReboot',
  'NotStarted',
  'InProgress',
  'Failed',
  'Cancelled',
  'TimedOut',
];

/** Two results of one step, as list inputs and sub-documents give them: the higher rank wins. */
export function mergeStates(current: StepState, next: StepState): StepState {
  return RANK.indexOf(next) > RANK.indexOf(current) ? next : current;
}

export type ElementResult = {
  readonly state: StepState;
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
};

/** The results of all elements of list inputs as one: texts joined by newlines, the first exit code that is not 0. */
export function mergeElements(elements: readonly ElementResult[]): ElementResult {
  const [first, ...rest] = elements;
  // The reference leaves the document in progress for ever here.
  if (first === undefined) return { state: 'Success', exitCode: 0, stdout: '', stderr: '' };
  return {
    state: rest.reduce((state, element) => mergeStates(state, element.state), first.state),
    exitCode: elements.find(({ exitCode }) => exitCode !== 0)?.exitCode ?? 0,
    stdout: elements.map(({ stdout }) => stdout).join('\n'),
    stderr: elements.map(({ stderr }) => stderr).join('\n'),
  };
}
