/**
 * The steps of one machine. They belong to nobody: they go on while the agent is dead and leave an exit file, as the
 * supervisors of the real executor do. Only a reboot ends them without a word.
 */

import { noOutput } from '../agent/output.ts';
import type { ExecutorPort, SettledEvent, TaskOrder, TaskOutcome } from '../agent/ports.ts';
import { inputOf, scriptTimeoutSeconds } from '../core/document/inputs.ts';
import type { Instant, RunId } from '../core/model/brand.ts';
import type { ComplianceReport } from '../core/model/compliance.ts';
import type { Life } from './life.ts';
import type { Timeline } from './timeline.ts';

export type Script = {
  readonly durationMs: number;
  readonly exitCode: number;
  /** What it leaves in the drop folder, when nobody kills it. */
  readonly compliance: ComplianceReport | null;
};

export type MachineOptions = {
  readonly now: () => Instant;
  /** What the step does, decided when it begins. */
  readonly play: (order: TaskOrder) => Script;
  readonly spawnMs: () => number;
  /** Whether a power cut takes the exit file that was written then. */
  readonly losesExit: (at: Instant, run: RunId) => boolean;
  readonly onBegin: (order: TaskOrder) => void;
  /** `exitCode` null: the machine went down over it. */
  readonly onEnd: (order: TaskOrder, ended: Ended) => void;
  /** A step asks for it: the machine, and everything on it, goes down now. */
  readonly onRestart: (run: RunId) => void;
};

export type Ended = {
  readonly exitCode: number | null;
  readonly compliance: ComplianceReport | null;
};

export type Machine = {
  /** An agent's hands: dead when its life is over. */
  executor(life: Life, report: (event: SettledEvent) => void): ExecutorPort;
  /** Every step dies, and no exit file is written; without power, some that were written are gone. */
  reboot(how: 'restart' | 'power'): void;
  readonly running: number;
};

/** `killed` may be asked for before the process is born. `told`: it will begin, whoever dies. */
type Body = {
  readonly order: TaskOrder;
  alive: boolean;
  told: boolean;
  killed: boolean;
  exit: (Ended & { readonly at: Instant }) | null;
};

const ADOPTION_POLL_MS = 100;
const killed: Ended = { exitCode: 137, compliance: null };
const gone: Ended = { exitCode: null, compliance: null };

export function createMachine(timeline: Timeline, options: MachineOptions): Machine {
  const bodies = new Map<string, Body>();
  let watcher: { readonly life: Life; readonly report: (event: SettledEvent) => void } | null =
    null;
  const unborn = new Map<string, Body>();
  /** Tasks whose supervisor says, until they begin, that they have not. */
  const ready = new Set<string>();
  let boot = 0;

  const outcomeOf = ({ exitCode, compliance, at }: Ended & { at: Instant }): TaskOutcome => ({
    exitCode,
    failure: '',
    stdout: noOutput,
    stderr: noOutput,
    finishedAt: at,
    ...(compliance === null ? {} : { compliance }),
  });

  function tell(event: SettledEvent): void {
    if (watcher?.life.isAlive === true) watcher.report(event);
  }

  function end(body: Body, ended: Ended): void {
    if (!body.alive) return;
    body.alive = false;
    body.exit = { ...ended, at: options.now() };
    // A kill takes the supervisor too; otherwise it waits for the next task.
    if (ended !== killed) ready.add(keyOf(nextOf(body.order)));
    options.onEnd(body.order, ended);
    tell({ kind: 'task-ended', ...taskOf(body.order), outcome: outcomeOf(body.exit) });
  }

  function begin(body: Body): void {
    body.alive = true;
    options.onBegin(body.order);
    const born = boot;
    const { durationMs, exitCode, compliance } = options.play(body.order);
    timeline.after(
      body.killed ? 0 : durationMs,
      `step of ${body.order.run.slice(0, 6)} ends`,
      () => {
        if (born === boot) end(body, body.killed ? killed : { exitCode, compliance });
      },
    );
  }

  function watch(life: Life, order: TaskOrder): void {
    const seconds = scriptTimeoutSeconds(inputOf(order.inputs, 'timeoutSeconds'));
    const leftMs = order.startedAt + seconds * 1000 - options.now();
    life.after(Math.min(Math.max(0, leftMs), seconds * 1000), 'step deadline', () => {
      if (bodies.get(keyOf(order))?.exit == null) tell({ kind: 'task-deadline', ...taskOf(order) });
    });
  }

  return {
    executor(life, report) {
      watcher = { life, report };
      return {
        makeReady(order) {
          ready.add(keyOf(order));
        },
        start(order) {
          const body: Body = { order, alive: false, told: false, killed: false, exit: null };
          const born = boot;
          const spawnMs = options.spawnMs();
          unborn.set(keyOf(order), body);
          // The word to go lies in the supervisor's pipe: it is read though the agent dies meanwhile.
          life.after(spawnMs / 2, 'step told to begin', () => {
            body.told = true;
            timeline.after(spawnMs / 2, 'step begins', () => {
              if (born !== boot) return;
              unborn.delete(keyOf(order));
              bodies.set(keyOf(order), body);
              begin(body);
            });
          });
          watch(life, order);
        },
        adopt(order, { rebooted }) {
          const look = (): void => {
            const body = bodies.get(keyOf(order));
            if (body === undefined && unborn.get(keyOf(order))?.told === true)
              return life.after(ADOPTION_POLL_MS, 'step looked at', look);
            if (body?.alive === true) return watch(life, order);
            if (body === undefined && !rebooted && ready.has(keyOf(order)))
              return tell({ kind: 'task-unborn', ...taskOf(order) });
            const outcome = outcomeOf(body?.exit ?? { ...gone, at: options.now() });
            tell({ kind: 'task-ended', ...taskOf(order), outcome });
          };
          life.after(1, 'step adopted', look);
        },
        reboot(run) {
          life.after(1, 'machine restarts', () => options.onRestart(run));
        },
        prepare: () => undefined,
        kill(run) {
          for (const body of [...bodies.values(), ...unborn.values()]) {
            if (body.order.run !== run) continue;
            body.killed = true;
            life.after(1, 'step killed', () => end(body, killed));
          }
        },
        release(run) {
          for (const key of ready) if (key.startsWith(`${run}/`)) ready.delete(key);
          for (const map of [bodies, unborn]) {
            for (const [key, body] of map)
              if (body.order.run === run && !body.alive) map.delete(key);
          }
        },
        close: () => Promise.resolve(),
      };
    },
    reboot(how) {
      boot += 1;
      unborn.clear();
      ready.clear();
      for (const body of bodies.values()) {
        // Nothing of a run folder is synced.
        const { exit, order } = body;
        const isCut = how === 'power' && exit !== null;
        if (isCut && options.losesExit(exit.at, order.run)) body.exit = null;
        if (!body.alive) continue;
        body.alive = false;
        options.onEnd(body.order, gone);
      }
    },
    get running() {
      return [...bodies.values()].filter(({ alive }) => alive).length;
    },
  };
}

/** A task may start anew after a restart: then it leaves another exit file. */
const keyOf = ({ run, sequence }: Pick<TaskOrder, 'run' | 'sequence'>): string =>
  `${run}/${sequence}`;
const nextOf = ({ run, sequence }: TaskOrder) => ({ run, sequence: sequence + 1 });
const taskOf = ({ run, task }: TaskOrder) => ({ run, task });
