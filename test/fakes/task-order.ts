import type { TaskOrder } from '../../src/agent/ports.ts';
import { instant } from '../../src/core/model/brand.ts';
import { run } from '../protocol/messages.ts';

/** The only task of a run, of which nothing matters but what is said. */
export const taskOrder = (
  said: Pick<TaskOrder, 'action' | 'inputs'> & Partial<TaskOrder>,
): TaskOrder => ({
  run: run('1'),
  task: { step: 0, element: 0 },
  sequence: 0,
  environment: {},
  secretEnvironment: {},
  ciphertexts: {},
  documents: {},
  commandId: 'association-1',
  startedAt: instant(0),
  ...said,
});
