/**
 * The reference model of programs that come and go: no run id is opened twice, whatever program opens it, and what a program
 * brings starts nothing by itself: only what is owed already is owed in its new form.
 */
import type { RunId } from '../../src/core/model/brand.ts';
import type { Record } from '../../src/core/world/records.ts';

export type UpgradeModelOptions = {
  readonly broken: (promise: string, detail: string) => never;
  readonly sometimes: (situation: string) => void;
};

export function createUpgradeModel({ broken, sometimes }: UpgradeModelOptions) {
  /** Run → its association. */
  const opened = new Map<RunId, string>();
  const executions = new Map<string, string>();
  /** Node and association → the run that was last opened there, and whether it is over. */
  const last = new Map<string, { readonly run: RunId; isOver: boolean }>();
  /** A revision is being put in force. */
  let isUnfinished = false;
  /** Nothing was accepted since this program has started. */
  let isAsBefore = false;

  function onRecord(record: Record): void {
    switch (record.kind) {
      case 'accepted':
        isUnfinished = record.unfinished === true;
        isAsBefore = false;
        return;
      case 'in-force':
        isUnfinished = false;
        return;
      // One of the same name later is another: by a clock that was set back it comes to slots that this one had.
      case 'association-removed':
        for (const [run, name] of opened) if (name === record.name) opened.delete(run);
        return;
      case 'execution':
        executions.set(record.id, record.association);
        return opens(record.association, record);
      case 'joined':
        return opens(executions.get(record.execution) ?? '', record);
      case 'put-execution':
        executions.set(record.value.id, record.value.association);
        return;
      case 'finished': {
        const known = last.get(`${record.node} ${record.association}`);
        if (known?.run === record.outcome.run) known.isOver = true;
        return;
      }
      default:
        return;
    }
  }

  function opens(
    association: string,
    { occasion, runs }: Record & { kind: 'execution' | 'joined' },
  ): void {
    const isByProgram = isAsBefore && !isUnfinished && occasion.startsWith('change:');
    for (const { node, run } of runs) {
      if (opened.has(run)) broken('run id', `${run} of ${association} is opened a second time`);
      opened.set(run, association);
      const key = `${node} ${association}`;
      if (isByProgram && last.get(key)?.isOver === true)
        broken('upgrade', `${association} runs on ${node}, where nothing was owed`);
      last.set(key, { run, isOver: false });
    }
    if (isByProgram) sometimes('owed in the form that another program gives it');
  }

  function onProgram(): void {
    isAsBefore = true;
  }

  function onStateLost(): void {
    opened.clear();
    executions.clear();
    last.clear();
  }

  return { onRecord, onProgram, onStateLost };
}
