import type { StepResult, StepStatus } from '../core/model/run.ts';

const lengthMax = 510;
const marker = '--output truncated--';

/** AWS's execution summary, at most 510 characters (spec/state-manager.md §5.5). */
export function summaryOf(steps: readonly StepResult[]): string {
  const count = (status: StepStatus): number =>
    steps.filter((step) => step.status === status).length;
  const done = steps.length - count('Cancelled');
  const plugins = steps.length === 1 ? 'plugin' : 'plugins';
  const counts =
    `${done} out of ${steps.length} ${plugins} processed, ${count('Success')} success, ` +
    `${count('Failed')} failed, ${count('TimedOut')} timedout, ${count('Skipped')} skipped.`;
  const failures = steps
    .filter(({ status }) => status === 'Failed' || status === 'TimedOut')
    .map(({ name, stderr, reason }) => {
      const why = stderr.text === '' ? reason : stderr.text;
      return `\nThe operation ${name} failed because ${why}.`;
    });
  const text = [counts, ...failures].join(' ');
  return text.length <= lengthMax ? text : text.slice(0, lengthMax - marker.length) + marker;
}
