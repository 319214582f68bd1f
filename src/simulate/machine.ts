/**
 * The steps of one machine. They belong to nobody: they go on while the agent is dead and leave an exit file, as the
 * supervisors of the real executor do. Only a reboot ends them without a word.
 */

import { noOutput } from '../agent/output.ts';
import type { ExecutorEvent, ExecutorPort, TaskOrder, TaskOutcome } from '../agent/ports.ts';
import { inputOf, scriptTimeoutSeconds } from '../core/document/inputs.ts';
import type { Instant } from '../core/model/brand.ts';
import type { Life } from './life.ts';
import type { Timeline } from './timeline.ts';

export type Script = { readonly durationMs: number; readonly exitCode: number };

export type MachineOptions = {
  readonly now: () => Instant;
  /** What the step does, decided when it begins. */
  readonly play: (order: TaskOrder) => Script;
  readonly spawnMs: () => number;
  readonly onBegin: (order: TaskOrder) => void;
  readonly onEnd: (order: TaskOrder, exitCode: number | null) => void;
};

export type Machine = {
  /** An agent's hands: dead when its life is over. */
  executor(life: Life, report: (event: ExecutorEvent) => void): ExecutorPort;
  /** Every step dies, and no exit file is written. */
  reboot(): void;
  readonly running: number;
};

/** `killed` may be asked for before the process is born. */
type Body = {
  readonly order: TaskOrder;
  alive: boolean;
  killed: boolean;
  exit: { readonly code: number; readonly at: Instant } | null;
};

const KILLED = 137;

export function createMachine(timeline: Timeline, options: MachineOptions): Machine {
  const bodies = new Map<string, Body>();
  let watcher: { readonly life: Life; readonly report: (event: ExecutorEvent) => void } | null =
    null;
  const unborn = new Map<string, Body>();
  let boot = 0;

  const outcomeOf = (exitCode: number | null, finishedAt: Instant): TaskOutcome => ({
    exitCode,
    failure: '',
    stdout: noOutput,
    stderr: noOutput,
    finishedAt,
  });

  function tell(event: ExecutorEvent): void {
    if (watcher?.life.isAlive === true) watcher.report(event);
  }

  function end(body: Body, code: number): void {
    if (!body.alive) return;
    body.alive = false;
    body.exit = { code, at: options.now() };
    options.onEnd(body.order, code);
    tell({ kind: 'task-ended', ...taskOf(body.order), outcome: outcomeOf(code, body.exit.at) });
  }

  function begin(body: Body): void {
    body.alive = true;
    options.onBegin(body.order);
    const born = boot;
    const { durationMs, exitCode } = options.play(body.order);
    timeline.after(
      body.killed ? 0 : durationMs,
      `step of ${body.order.run.slice(0, 6)} ends`,
      () => {
        if (born === boot) end(body, body.killed ? KILLED : exitCode);
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
        start(order) {
          const body: Body = { order, alive: false, killed: false, exit: null };
          life.after(options.spawnMs(), 'step begins', () => {
            bodies.set(keyOf(order), body);
            begin(body);
          });
          unborn.set(keyOf(order), body);
          watch(life, order);
        },
        adopt(order, { rebooted }) {
          const body = bodies.get(keyOf(order));
          life.after(1, 'step adopted', () => {
            if (body?.alive === true) watch(life, order);
            else if (body === undefined && !rebooted)
              tell({ kind: 'task-unborn', ...taskOf(order) });
            else {
              const outcome = outcomeOf(body?.exit?.code ?? null, body?.exit?.at ?? options.now());
              tell({ kind: 'task-ended', ...taskOf(order), outcome });
            }
          });
        },
        reboot(run) {
          const why = 'a simulated machine restarts for no step';
          life.after(1, 'restart refused', () => tell({ kind: 'reboot-refused', run, why }));
        },
        prepare: () => undefined,
        kill(run) {
          for (const body of [...bodies.values(), ...unborn.values()]) {
            if (body.order.run !== run) continue;
            body.killed = true;
            life.after(1, 'step killed', () => end(body, KILLED));
          }
        },
        release(run) {
          for (const map of [bodies, unborn]) {
            for (const [key, body] of map)
              if (body.order.run === run && !body.alive) map.delete(key);
          }
        },
        close: () => Promise.resolve(),
      };
    },
    reboot() {
      boot += 1;
      for (const body of bodies.values()) {
        if (!body.alive) continue;
        body.alive = false;
        options.onEnd(body.order, null);
      }
    },
    get running() {
      return [...bodies.values()].filter(({ alive }) => alive).length;
    },
  };
}

const keyOf = ({ run, task }: TaskOrder): string => `${run}/${task.step}.${task.element}`;
const taskOf = ({ run, task }: TaskOrder) => ({ run, task });
