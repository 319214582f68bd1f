import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Instant, RunId } from '../../core/model/brand.ts';
import { instant } from '../../core/model/brand.ts';
import type { StreamResult } from '../../core/model/run.ts';
import { isDiskError } from '../../disk/errors.ts';
import {
  makeScratchDir,
  moveScratchDir,
  removeScratchDir,
  removeScratchTree,
} from '../../disk/scratch.ts';
import { appendText, noOutput } from '../output.ts';
import type { ExecutorEvent, ExecutorPort, TaskOrder, TaskOutcome } from '../ports.ts';
import type { Vault } from '../vault.ts';
import { readDocumentFile } from './document-file.ts';
import type { DroppedPuts } from './drop-folder.ts';
import { openDropFolder } from './drop-folder.ts';
import { secretLine } from './launch.ts';
import type { Failure, NodeEnvironment, Plugin, Reading, Request } from './plugins/plugin.ts';
import { plugins } from './plugins/registry.ts';
import { killGroup } from './process.ts';
import { secretVariables } from './program.ts';
import type { FoundPlace, TaskPlace } from './run-folder.ts';
import {
  codeWrittenAt,
  endOrphans,
  exitCodeOf,
  findTask,
  forgetSupervisor,
  groupOf,
  isBroken,
  neverBegan,
  outputEndOf,
  outputStartOf,
  outputsEndAfter,
  recordSupervisor,
  runFolder,
  supervisorFolder,
} from './run-folder.ts';
import { dropSecretOutputs, markSecret, scratchOf } from './secret-outputs.ts';
import { readStream } from './streams.ts';
import type { OutputEnds, Supervisor } from './supervisor.ts';
import { outputFile, startSupervisor } from './supervisor.ts';
import { OUTPUT_BYTES_BEFORE_MAX, PIPE_NAME } from './supervisor-script.ts';
import type { TaskFile } from './task-files.ts';
import { filesOf, isSame, writeTaskFile } from './task-files.ts';
import { hasSecrets, masked, revealed, withheld, withoutSecrets } from './task-secrets.ts';

export type ExecutorOptions = {
  /** Folder of the run folders, 0700. Ours alone: the caller holds the lock of the state directory. */
  readonly runsDir: string;
  /** Where scripts leave compliance items; null: nobody asks. */
  readonly complianceDir: string | null;
  readonly node: NodeEnvironment;
  /** Restarts the machine, or says why it does not. */
  readonly reboot: () => Promise<string>;
  readonly vault: Pick<Vault, 'unlock'>;
  readonly now: () => Instant;
  readonly report: (event: ExecutorEvent) => void;
  /** A bug or a full disk while a task was being looked after: the process ends, and the next one takes over. */
  readonly crash: (cause: unknown) => void;
};

/** How often a task that was adopted is looked at, ms. */
const adoptionPollMs = 100;

/** Performs one task at a time, each under a supervisor that is started ahead and outlives this process. */
export function openExecutor(options: ExecutorOptions): ExecutorPort {
  const { runsDir, node, now, report } = options;
  makeScratchDir(runsDir);
  const drops = openDropFolder(options.complianceDir, node.nodeId);
  let spare: Supervisor | null = makeSpare(runsDir);
  let current: { readonly order: TaskOrder; readonly supervisor: Supervisor } | null = null;
  /** Its secrets are being opened: a kill that comes meanwhile must not be lost. */
  let unlocking: { readonly run: RunId; killed: boolean } | null = null;
  let adopted: { readonly run: RunId; readonly pgid: number } | null = null;
  /** Files that stand there for the task that will likely be next. */
  let ahead: readonly TaskFile[] = [];
  let deadline: NodeJS.Timeout | undefined;
  let poll: NodeJS.Timeout | undefined;
  let closed = false;
  const isClosed = (): boolean => closed;

  const guard = (work: Promise<void>): void => {
    work.catch((cause: unknown) => {
      if (!closed) options.crash(cause);
    });
  };

  /** The run's own supervisor while it can go on, else the spare one, moved into the run's folder and recorded. */
  function supervisorFor(order: TaskOrder): Supervisor {
    const { run, sequence } = order;
    if (current?.order.run === run && canGoOn(current.supervisor)) {
      current = { order, supervisor: current.supervisor };
      return current.supervisor;
    }
    letGo(run);
    const supervisor = spare?.alive === true ? spare : makeSpare(runsDir);
    spare = supervisor;
    const folder = runFolder(runsDir, run);
    makeScratchDir(folder);
    const dir = supervisorFolder(folder, sequence);
    // Left by a process that died before it told its supervisor to go.
    removeScratchTree(dir);
    moveScratchDir(supervisor.dir, dir);
    spare = null;
    supervisor.dir = dir;
    supervisor.first = sequence;
    recordSupervisor(runsDir, run, supervisor);
    current = { order, supervisor };
    return supervisor;
  }

  /** A task without secrets has been told to go when this returns: the caller may block the thread from then on. */
  async function perform(order: TaskOrder): Promise<void> {
    const { run, task } = order;
    let killed = false;
    let unlocked = withoutSecrets;
    if (hasSecrets(order)) {
      unlocking = { run, killed };
      unlocked = await options.vault.unlock(run, order.ciphertexts);
      ({ killed } = unlocking);
      unlocking = null;
      if (isClosed()) return;
    }
    if (killed || !unlocked.ok)
      return endUnbegun(order, killed ? null : 1, unlocked.ok ? '' : unlocked.message);
    const plan = planOf(order);
    if (plan?.kind !== 'script' && plan?.kind !== 'program') {
      // Tasks of a supervisor follow each other without a gap: that is how they are found again (`findTask`).
      letGo(run);
      const outcome = masked(await withoutProcess(plan, order.action), unlocked.mask);
      if (!closed) report({ kind: 'task-ended', run, task, outcome });
      return;
    }
    const pieces = plan.kind === 'script' ? order.secretEnvironment : secretVariables(plan);
    const variables = revealed(pieces, unlocked.secrets);
    let supervisor: Supervisor;
    let place: TaskPlace;
    try {
      supervisor = supervisorFor(order);
      place = placeOf(supervisor, order);
      if (unlocked.mask !== null) markSecret(runFolder(runsDir, run));
      for (const file of filesOf(place, plan, Object.keys(variables))) {
        if (!ahead.some((there) => isSame(there, file))) writeTaskFile(file);
      }
    } catch (cause) {
      // An earlier task may have done anything to the folder; this one has not begun, and the agent goes on.
      if (!isDiskError(cause)) throw cause;
      return endUnbegun(order, 1, `failed to create script file. ${cause.message}`);
    } finally {
      ahead = [];
    }
    armDeadline(order, plan.timeoutMs);
    const { code: exitCode, died } = await supervisor.perform(secretLine(variables));
    if (closed) return;
    const finishedAt = endOf(order, now());
    clearTimeout(deadline);
    if (died) {
      // Killed with its group, by us or by the task itself, or alone by someone else: the task ends with it.
      current = null;
      supervisor.killGroup();
    }
    // What another task would change is settled now; the rest can wait until that one has been told to go.
    const start = supervisor.written;
    const end = outputsEndAfter(place.dir, start);
    supervisor.written = end;
    const left = drops?.take(order) ?? null;
    const outcome = () => outcomeOf(order, place, { exitCode, finishedAt, start, end, left });
    report({ kind: 'task-exited', run, task, exitCode, outcome });
  }

  function endUnbegun(
    { run, task }: TaskOrder,
    exitCode: TaskOutcome['exitCode'],
    failure: string,
  ): void {
    letGo(run);
    const streams = { stdout: noOutput, stderr: noOutput };
    const outcome = { exitCode, failure, ...streams, finishedAt: now() };
    report({ kind: 'task-ended', run, task, outcome });
  }

  function planOf(order: TaskOrder): ReturnType<Plugin['plan']> | undefined {
    const folder = runFolder(runsDir, order.run);
    const paths = { scratch: scratchOf(folder), downloads: join(folder, 'downloads') };
    return plugins.get(order.action)?.plan(order, node, paths);
  }

  /** What a task came to. */
  async function outcomeOf(
    order: TaskOrder,
    place: TaskPlace | null,
    { exitCode, finishedAt, start, end, left }: Exit,
  ): Promise<TaskOutcome> {
    const unlocked = hasSecrets(order)
      ? await options.vault.unlock(order.run, order.ciphertexts)
      : withoutSecrets;
    const mask = unlocked.ok ? unlocked.mask : null;
    const told = async (which: 'out' | 'err'): Promise<StreamResult> => {
      if (place === null) return noOutput;
      const path = outputFile(place.dir, which);
      const stream = await readStream(path, start[which], end[which], mask);
      return isBroken(place, which) ? appendText(stream, INCOMPLETE) : stream;
    };
    const stdout = await told('out');
    const stderr = await told('err');
    const streams = unlocked.ok ? { stdout, stderr } : withheld(unlocked.message);
    const compliance = unlocked.ok ? (left?.report(mask) ?? null) : null;
    const reported = compliance === null ? {} : { compliance };
    const wrote = { exitCode, failure: '', ...streams, finishedAt, ...reported };
    return plugins.get(order.action)?.isProgram === true ? spoken(wrote) : wrote;
  }

  /** The end of a task that an earlier process began, or that an earlier process saw and had no time to write down. */
  async function endAdopted(
    order: TaskOrder,
    place: TaskPlace | null,
    exitCode: number | null,
  ): Promise<void> {
    adopted = null;
    clearTimeout(deadline);
    const endedAt = place === null || exitCode === null ? null : codeWrittenAt(place);
    const finishedAt = endOf(order, Math.min(endedAt ?? Infinity, now()));
    const start = place === null ? nothingWritten : outputStartOf(place);
    const end = place === null ? nothingWritten : outputEndOf(place);
    const left = drops?.take(order) ?? null;
    const outcome = await outcomeOf(order, place, { exitCode, finishedAt, start, end, left });
    if (!closed) report({ kind: 'task-ended', run: order.run, task: order.task, outcome });
  }

  function armDeadline({ run, task }: TaskOrder, afterMs: number): void {
    clearTimeout(deadline);
    deadline = setTimeout(() => report({ kind: 'task-deadline', run, task }), afterMs);
  }

  /** Looks until there is a code, or the supervisor of an earlier process is gone; then its files say everything. */
  async function watch(order: TaskOrder, place: FoundPlace): Promise<void> {
    const { run, task } = order;
    // In this order: whoever is gone by now has written all that it ever will.
    const group = groupOf(place);
    const code = exitCodeOf(place);
    if (code === null && group?.lives === true) {
      adopted = { run, pgid: group.pgid };
      poll = setTimeout(() => guard(watch(order, place)), adoptionPollMs);
      return;
    }
    if (group?.lives !== true) endOrphans(place);
    if (code !== null || !neverBegan(place)) return endAdopted(order, place, code);
    adopted = null;
    clearTimeout(deadline);
    report({ kind: 'task-unborn', run, task });
  }

  function makeReady(order: TaskOrder): void {
    if (plugins.get(order.action)?.startsNoProcess === true) return;
    try {
      supervisorFor(order);
    } catch {
      // Whoever is stopped by it says so, when the task starts.
    }
  }

  function prepare(order: TaskOrder): void {
    if (current?.order.run !== order.run || current.order.sequence + 1 !== order.sequence) return;
    const plan = planOf(order);
    if (plan?.kind !== 'script') return;
    const place = placeOf(current.supervisor, order);
    const files = filesOf(place, plan, Object.keys(order.secretEnvironment));
    try {
      for (const file of files) writeTaskFile(file);
      ahead = files;
    } catch {
      // Whoever is stopped by it says so: they are written again when the task starts.
      ahead = [];
    }
  }

  return {
    makeReady,
    start: (order) => guard(perform(order)),
    prepare,

    adopt(order, { rebooted }) {
      const { run, task, sequence } = order;
      const place = findTask(runsDir, run, sequence);
      if (!rebooted && plugins.get(order.action)?.startsNoProcess === true) {
        // Whatever was done changed nothing: it is done again.
        report({ kind: 'task-unborn', run, task });
      } else if (rebooted || place === null) {
        guard(endAdopted(order, place, place === null ? null : exitCodeOf(place)));
      } else {
        const plan = exitCodeOf(place) === null ? planOf(order) : null;
        if (plan?.kind === 'script' || plan?.kind === 'program') {
          const elapsedMs = Math.max(0, now() - order.startedAt);
          armDeadline(order, Math.max(0, plan.timeoutMs - elapsedMs));
        }
        guard(watch(order, place));
      }
    },

    kill(run) {
      if (current?.order.run === run) current.supervisor.killGroup();
      else if (adopted?.run === run) killGroup(adopted.pgid);
      else if (unlocking?.run === run) unlocking.killed = true;
    },

    reboot(run) {
      letGo(run);
      guard(
        options.reboot().then((why) => {
          if (!closed) report({ kind: 'reboot-refused', run, why });
        }),
      );
    },

    release(run) {
      letGo(run);
      dropSecretOutputs(runFolder(runsDir, run));
      forgetSupervisor(runsDir);
      clearTimeout(deadline);
      // A fork of this process takes milliseconds: the result that was told just now goes first.
      guard(nextTurn().then(makeSpareAhead));
      if (drops !== null) guard(drops.forget());
    },

    async close() {
      closed = true;
      clearTimeout(deadline);
      clearTimeout(poll);
      current?.supervisor.abandon();
      if (spare === null) return;
      // It has no task, and its folder is about to go.
      spare.killGroup();
      spare.abandon();
      await removeScratchDir(spare.dir);
    },
  };

  function makeSpareAhead(): void {
    if (closed) return;
    try {
      spare ??= makeSpare(runsDir);
    } catch (cause) {
      // The next task tries again, and says why if it cannot be.
      if (!isDiskError(cause)) throw cause;
    }
  }

  function letGo(run: RunId): void {
    if (current?.order.run !== run) return;
    current.supervisor.dismiss();
    current = null;
  }

  /** What needs no process is done at once, and done again after a crash: it changes nothing. */
  async function withoutProcess(
    plan: Reading | Request | Failure | undefined,
    action: string,
  ): Promise<TaskOutcome> {
    const done = { exitCode: 0, failure: '', stdout: noOutput, stderr: noOutput };
    if (plan?.kind === 'request') {
      const stdout = appendText(noOutput, plan.text);
      return { ...done, stdout, refresh: plan.refresh, finishedAt: now() };
    }
    if (plan?.kind !== 'read') {
      const failure = plan?.text ?? `Plugin with name ${action} not found.`;
      const stdout = appendText(noOutput, plan?.stdout ?? '');
      return { ...done, exitCode: 1, failure, stdout, finishedAt: now() };
    }
    const document = await readDocumentFile(plan.path, plan.within);
    return { ...done, document, finishedAt: now() };
  }
}

/** Prefix of folders whose supervisor has no run yet. */
export const SPARE_PREFIX = 'spare-';

function makeSpare(runsDir: string): Supervisor {
  const dir = join(runsDir, SPARE_PREFIX + randomBytes(6).toString('hex'));
  makeScratchDir(dir);
  return startSupervisor(dir);
}

/** SIGKILL, which also a program of ours gives itself, when it has taken too much memory. */
const killedExitCode = 137;

/** A program of ours that fails says why itself: its words stand where a script's exit status would. */
function spoken(outcome: TaskOutcome): TaskOutcome {
  const { exitCode, stderr } = outcome;
  if ((exitCode !== 1 && exitCode !== killedExitCode) || stderr.text === '') return outcome;
  return { ...outcome, failure: stderr.text.slice(0, 2_000), stderr: noOutput };
}

/** Tasks that have written much leave too little of the limit for the next one; one may have removed the folder. */
const canGoOn = ({ alive, written, dir }: Supervisor): boolean =>
  alive &&
  Math.max(written.out, written.err) <= OUTPUT_BYTES_BEFORE_MAX &&
  existsSync(join(dir, PIPE_NAME));

/** Not before its start, though a step may set the clock. */
const endOf = ({ startedAt }: TaskOrder, at: number): Instant => instant(Math.max(startedAt, at));

const INCOMPLETE =
  '\noutput incomplete: the process that collects it was killed, or its disk was full';

const nothingWritten: OutputEnds = { out: 0, err: 0 };

const placeOf = ({ dir, first }: Supervisor, { sequence }: TaskOrder): TaskPlace => ({
  dir,
  n: sequence - first,
});

/** How a task ended, before its output is read. */
type Exit = {
  readonly exitCode: number | null;
  readonly finishedAt: Instant;
  readonly start: OutputEnds;
  readonly end: OutputEnds;
  readonly left: DroppedPuts | null;
};
