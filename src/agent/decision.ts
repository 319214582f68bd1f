/** Words of the agent's mind: what comes in, what it decides, and the shortest ways to say it. */
import type { Instant, NodeId, RunId } from '../core/model/brand.ts';
import { formatInstant } from '../core/model/brand.ts';
import type { RunResult } from '../core/model/run.ts';
import type {
  AgentMessage,
  Job,
  RefusalCode,
  ServerMessage,
  SignedEnvelope,
} from '../protocol/messages.ts';
import type { LedgerRecord } from './ledger.ts';
import type { SettledEvent, TaskOrder } from './ports.ts';
import type { RunPlan } from './prepare.ts';

/** What does not change while the agent runs. */
export type AgentContext = {
  readonly node: NodeId;
  /** By the daemon whose key was pinned at registration. */
  readonly isSigned: (envelope: SignedEnvelope) => boolean;
  readonly bootId: string;
  /** `prepareRun` for this node: the same job always gives the same steps. */
  readonly prepare: (job: Job) => RunPlan;
};

export type AgentInput =
  | { readonly kind: 'said'; readonly message: ServerMessage }
  /** The process begins: whatever was decided before may or may not have been done. */
  | { readonly kind: 'restarted' }
  /** Asked for by the effect `begin`, when the intent is durable. */
  | { readonly kind: 'begin'; readonly run: RunId }
  /** Instead of `begin`: a SecureString could not be opened; the text names it. */
  | { readonly kind: 'locked'; readonly run: RunId; readonly message: string }
  | { readonly kind: 'run-deadline'; readonly run: RunId }
  | SettledEvent;

export type Effect =
  | { readonly kind: 'send'; readonly message: AgentMessage }
  | { readonly kind: 'begin'; readonly run: RunId }
  | ReadyEffect
  | StartEffect
  /** It was foreseen: whatever can be done for it while another task runs, without beginning it. */
  | { readonly kind: 'prepare'; readonly order: TaskOrder }
  | { readonly kind: 'adopt'; readonly order: TaskOrder; readonly rebooted: boolean }
  | { readonly kind: 'kill'; readonly run: RunId }
  | { readonly kind: 'reboot'; readonly run: RunId }
  /** `run-deadline` after so long; one timer, replaced by the next. */
  | { readonly kind: 'arm'; readonly run: RunId; readonly afterMs: number }
  | { readonly kind: 'release'; readonly run: RunId }
  | { readonly kind: 'warn'; readonly event: string; readonly detail: string };

export type StartEffect = { readonly kind: 'start'; readonly order: TaskOrder };

/** The task will be recorded as started: from here on a later process can tell that it has not begun. */
export type ReadyEffect = { readonly kind: 'make-ready'; readonly order: TaskOrder };

export type Decision = {
  /**
   * Done before the records are durable. The start of a task that was foreseen may be, because a record of an earlier decision
   * says that it may have been: it is done once, whatever becomes of the records, and these are kept until they are written.
   * Any other task is made ready, for its record says that it may have begun.
   */
  readonly ahead?: StartEffect | ReadyEffect;
  readonly records: readonly LedgerRecord[];
  readonly effects: readonly Effect[];
};

export const nothing: Decision = { records: [], effects: [] };

export const send = (...messages: readonly AgentMessage[]): Decision => ({
  records: [],
  effects: messages.map((message) => ({ kind: 'send', message })),
});

export const sendResult = (result: RunResult): Effect => ({
  kind: 'send',
  message: { kind: 'result', result },
});

export const refuse = ({ run }: Pick<Job, 'run'>, code: RefusalCode, message: string): Decision =>
  send({ kind: 'refused', run, code, message, clock: null });

/** Too late or too early by the clock of this machine, which is wrong unless the job was under way for long. */
export function refuseByClock(
  { run, notBefore, notAfter }: Pick<Job, 'run' | 'notBefore' | 'notAfter'>,
  code: RefusalCode & ('Expired' | 'NotYet'),
  now: Instant,
): Decision {
  const shown = `this clock shows ${formatInstant(now)}`;
  const message = `${shown}; the job is good from ${formatInstant(notBefore)} to ${formatInstant(notAfter)}`;
  const said = warn(code === 'Expired' ? 'job-too-late' : 'job-too-early', message);
  const { effects } = send({ kind: 'refused', run, code, message, clock: now });
  return { records: [], effects: [...effects, ...said.effects] };
}

export const warn = (event: string, detail: string): Decision => ({
  records: [],
  effects: [{ kind: 'warn', event, detail }],
});
