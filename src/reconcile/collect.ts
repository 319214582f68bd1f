/** Messages from agents → events. What a node says is cut to what the journal keeps; the ack follows its durable record. */
import { digestOf } from '../core/canonical/digest.ts';
import { unreachable } from '../core/model/errors.ts';
import type { RunResult, StepResult } from '../core/model/run.ts';
import type { LastOutcome, Outcome } from '../core/model/state.ts';
import type { Event, Hello } from '../core/world/events.ts';
import type { AgentMessage, LastRun } from '../protocol/messages.ts';
import type { AgentEvent } from './ports.ts';

/** Bytes of a failed step's output that the status branch shows. */
const TAIL_BYTES = 2_000;

/** Null: nothing to decide. */
export function toEvent(event: AgentEvent): Event | null {
  switch (event.kind) {
    case 'connected':
      return { kind: 'connected', node: event.node, hello: helloOf(event.hello) };
    case 'disconnected':
      return { kind: 'disconnected', node: event.node };
    case 'message':
      return messageEvent(event.node, event.message);
    default:
      return unreachable(event);
  }
}

function messageEvent(node: AgentEvent['node'], message: AgentMessage): Event | null {
  switch (message.kind) {
    case 'hello':
    case 'accepted':
      return null;
    case 'busy':
      return { kind: 'busy', node, run: message.run, with: message.with };
    case 'refused':
      return { ...message, node };
    case 'revoked':
      return { kind: 'revoked-job', node, run: message.run };
    case 'already':
      return {
        kind: 'already',
        node,
        run: message.last.run,
        association: message.last.association,
        last: recalled(message.last),
      };
    case 'started':
      return { kind: 'started', node, run: message.run, at: message.at };
    case 'rebooting':
      return { kind: 'rebooting', node, run: message.run };
    case 'result':
      return {
        kind: 'result',
        node,
        execution: message.result.execution,
        association: message.result.association,
        generation: message.result.generation ?? null,
        outcome: outcomeOf(message.result),
        refresh: message.result.refresh ?? null,
        compliance: message.result.compliance,
      };
    default:
      return unreachable(message);
  }
}

function helloOf(hello: AgentMessage & { kind: 'hello' }): Hello {
  return {
    facts: hello.facts,
    running: hello.running,
    startedAt: hello.startedAt,
    seen: hello.fence,
    lastRuns: hello.lastRuns.map((last) => ({
      association: last.association,
      last: recalled(last),
    })),
  };
}

/** What the ledger keeps for ever is less than a result: no output, no summary. */
function recalled(last: LastRun): LastOutcome {
  return {
    outcome: {
      run: last.run,
      status: last.status,
      detailedStatus: last.detailedStatus,
      summary: "recalled from the node's ledger",
      exitCode: null,
      failedStep: null,
      outputTail: '',
      startedAt: null,
      finishedAt: last.finishedAt,
      digest: null,
    },
    execution: last.execution,
    generation: last.generation,
    occasion: last.occasion,
    revision: null,
    reason: "recalled from the node's ledger",
  };
}

export function outcomeOf(result: RunResult): Outcome {
  const failed = result.steps.find(
    (step) => step.status !== 'Success' && step.status !== 'Skipped',
  );
  return {
    run: result.run,
    status: result.status,
    detailedStatus: result.detailedStatus,
    summary: result.executionSummary,
    exitCode: failed?.exitCode ?? null,
    failedStep: failed?.name ?? null,
    outputTail: failed === undefined ? '' : tailOf(failed),
    startedAt: result.startedAt,
    finishedAt: result.finishedAt,
    digest: digestOf(result),
  };
}

/** The end of stderr, or of stdout where stderr is empty: where a script says why. */
function tailOf(step: StepResult): string {
  const text = step.stderr.tail || step.stdout.tail || step.reason;
  const bytes = Buffer.from(text);
  return bytes.length <= TAIL_BYTES ? text : bytes.subarray(-TAIL_BYTES).toString();
}
