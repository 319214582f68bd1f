/** What the daemon says: offers, revocations, cancellations, receipts. */
import { digestOf } from '../core/canonical/digest.ts';
import type { Instant, RunId } from '../core/model/brand.ts';
import { instant } from '../core/model/brand.ts';
import { unreachable } from '../core/model/errors.ts';
import type { Job, ServerMessage, SignedEnvelope } from '../protocol/messages.ts';
import { REASON_MAX } from '../protocol/messages.ts';
import { parseJob, runOfPayload } from '../protocol/parse.ts';
import type { AgentContext, Decision } from './decision.ts';
import { nothing, refuse, refuseByClock, send, sendResult, warn } from './decision.ts';
import { kill } from './kill.ts';
import type { LedgerState } from './ledger.ts';
import { endedRun, isLowerFence, received } from './ledger.ts';

/** A job may come from a clock this much ahead of ours; how far behind it may be is the job's own not-after. */
const skewMsMax = 5 * 60_000;

const tombstoneMs = 24 * 3_600_000;

export function answer(
  context: AgentContext,
  state: LedgerState,
  message: ServerMessage,
  now: Instant,
): Decision {
  switch (message.kind) {
    case 'job':
      return offered(context, state, message.envelope, now);
    case 'revoke':
      return revoke(state, message.run, now);
    case 'cancel':
      if (state.active?.job.run !== message.run) return revoke(state, message.run, now);
      return kill(state.active, {
        scope: 'run',
        status: 'Cancelled',
        reason: message.reason === '' ? 'cancelled' : `cancelled: ${message.reason}`,
      });
    case 'ack':
      return state.spool.has(message.run)
        ? { records: [{ kind: 'acked', run: message.run }], effects: [] }
        : nothing;
    case 'welcome':
      return { records: [], effects: [...state.spool.values()].map(sendResult) };
    case 'proof':
    case 'wait':
    case 'refused':
      return nothing; // the connection's business
    default:
      return unreachable(message);
  }
}

function offered(
  context: AgentContext,
  state: LedgerState,
  envelope: SignedEnvelope,
  now: Instant,
): Decision {
  const parsed = parseJob(envelope.payload);
  if (!parsed.ok) return malformed(envelope.payload, parsed.error);
  const job = parsed.value;
  if (!context.isSigned(envelope)) {
    return refuse(job, 'BadSignature', 'not signed by the pinned key of the daemon');
  }
  if (job.node !== context.node) return refuse(job, 'WrongNode', `meant for ${job.node}`);
  const known = alreadyKnown(state, job.run, job);
  if (known !== null) return known;
  if (isLowerFence(job.fence, state.fence)) {
    const seen = `${state.fence.epoch}/${state.fence.position}`;
    return refuse(job, 'StaleEpoch', `${job.fence.epoch}/${job.fence.position} after ${seen}`);
  }
  if (job.notAfter < now) return refuseByClock(job, 'Expired', now);
  if (job.notBefore > now + skewMsMax) return refuseByClock(job, 'NotYet', now);
  const documents = [job.document, ...Object.values(job.documents)];
  const isWhole =
    documents.every(({ content, digest }) => digestOf(content) === digest) &&
    digestOf(job.parameters) === job.parametersDigest;
  if (!isWhole) return refuse(job, 'BadDigest', 'content differs from its digest');
  if (state.active !== null)
    return send({ kind: 'busy', run: job.run, with: state.active.job.run });
  return {
    records: [
      received(envelope.payload, job, now),
      { kind: 'intent', run: job.run, bootId: context.bootId, at: now },
    ],
    effects: [
      { kind: 'send', message: { kind: 'accepted', run: job.run } },
      { kind: 'begin', run: job.run },
    ],
  };
}

/** Without an answer it would be offered again for ever, and hold back everything behind it. */
function malformed(payload: string, why: string): Decision {
  const run = runOfPayload(payload);
  const said = warn('job-malformed', why);
  if (run === null) return said;
  const refusal = refuse({ run }, 'Malformed', why.slice(0, REASON_MAX));
  return { records: [], effects: [...said.effects, ...refusal.effects] };
}

/** The answer to an offer, a revocation or a cancellation of a run that the ledger knows; null when it does not. */
function alreadyKnown(state: LedgerState, run: RunId, job: Job | null): Decision | null {
  const { active } = state;
  if (active?.job.run === run) {
    const at = active.startedAt;
    return at === null
      ? send({ kind: 'accepted', run })
      : send({ kind: 'accepted', run }, { kind: 'started', run, at });
  }
  const unacked = state.spool.get(run);
  if (unacked !== undefined) return send({ kind: 'result', result: unacked });
  const ended = endedRun(state, run, job?.association ?? null);
  if (ended === null) return null;
  return send(
    ended.last === null ? { kind: 'revoked', run } : { kind: 'already', last: ended.last },
  );
}

/** Not started yet? Then never. What has started goes on, and its result tells. */
function revoke(state: LedgerState, run: RunId, now: Instant): Decision {
  const { active } = state;
  if (active?.job.run === run && active.startedAt !== null) {
    return send({ kind: 'busy', run, with: run });
  }
  const known = active?.job.run === run ? null : alreadyKnown(state, run, null);
  if (known !== null) return known;
  return {
    records: [{ kind: 'revoked', run, keepUntil: instant(now + tombstoneMs) }],
    effects: [
      { kind: 'send', message: { kind: 'revoked', run } },
      // Another run may be under way: its deadlines are none of this one's.
      ...(active?.job.run === run ? [{ kind: 'release', run } as const] : []),
    ],
  };
}
