/**
 * Outcomes and owed runs as the status branch spells them. What the run id hashes is enough to compute it again; it is written out
 * for a run whose occasion nobody knows, which ended for a state that was lost.
 */
import { changeCommitOf } from '../canonical/occasion.ts';
import type { Digest } from '../model/brand.ts';
import { formatInstant } from '../model/brand.ts';
import type { Execution, LastOutcome, Run } from '../model/state.ts';
import { capBytes, capBytesTail } from './escape.ts';

export const SUMMARY_BYTES_MAX = 510;
export const OUTPUT_TAIL_BYTES_MAX = 2000;
const WORD_BYTES_MAX = 128;
const REASON_BYTES_MAX = 200;

/** The generation in force is printed by its first digits: state.json has the whole of it. */
export const GENERATION_DIGITS = 16;

type Fields = { [key: string]: string | number };

export function outcomeFields(last: LastOutcome, inForce: Digest | null): Fields {
  const { outcome } = last;
  const fields = contextFields(last, inForce);
  if (last.occasion === '') fields['RunId'] = outcome.run;
  fields['FinishedAt'] = formatInstant(outcome.finishedAt);
  if (outcome.status === 'Success') return fields;
  if (outcome.startedAt !== null) fields['StartedAt'] = formatInstant(outcome.startedAt);
  if (outcome.exitCode !== null) fields['ExitCode'] = outcome.exitCode;
  if (outcome.failedStep !== null) {
    fields['FailedStep'] = capBytes(outcome.failedStep, WORD_BYTES_MAX);
  }
  if (outcome.summary !== '') fields['Summary'] = capBytes(outcome.summary, SUMMARY_BYTES_MAX);
  if (outcome.outputTail !== '') {
    fields['OutputTail'] = capBytesTail(outcome.outputTail, OUTPUT_TAIL_BYTES_MAX);
  }
  return fields;
}

export function owedFields(
  { execution, run }: { readonly execution: Execution; readonly run: Run },
  inForce: Digest | null,
): Fields {
  const { id, generation, revision, reason } = execution;
  const { occasion } = run;
  return contextFields({ execution: id, generation, revision, reason, occasion }, inForce);
}

function contextFields(context: Omit<LastOutcome, 'outcome'>, inForce: Digest | null): Fields {
  const { generation, occasion, revision, reason } = context;
  const fields: Fields = { ExecutionId: context.execution };
  if (generation !== null) {
    fields['Generation'] =
      generation === inForce ? generation.slice(0, GENERATION_DIGITS) : generation;
  }
  if (occasion !== '') fields['Occasion'] = capBytes(occasion, WORD_BYTES_MAX);
  if (reason !== '') fields['Reason'] = capBytes(reason, REASON_BYTES_MAX);
  // A change is named after the revision it came with.
  if (revision !== null && changeCommitOf(occasion) !== revision) fields['Revision'] = revision;
  return fields;
}
