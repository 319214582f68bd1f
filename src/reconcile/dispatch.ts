/** Effects → the world outside: jobs are built and signed at the hand-over, acks and answers go out. */

import { digestOf } from '../core/canonical/digest.ts';
import { associationId } from '../core/canonical/identity.ts';
import type { Admission } from '../core/enrol/register.ts';
import { ID_PARAMETER, reportsForItself } from '../core/model/association.ts';
import type { Definition } from '../core/model/definition.ts';
import { invariant, present, unreachable } from '../core/model/errors.ts';
import type { Answer, Effect } from '../core/world/effects.ts';
import { silenceOf } from '../core/world/epoch.ts';
import type { World } from '../core/world/world.ts';
import type { Job, SignedEnvelope } from '../protocol/messages.ts';
import type { Inbox } from './inbox.ts';
import { whyTooLarge } from './job-size.ts';
import type { Ports } from './ports.ts';

export type Desk = {
  readonly sign: (job: Job) => SignedEnvelope;
  /** The secrets of a job, encrypted for its node; asked for jobs that have any. */
  readonly wrap: (job: Job) => Promise<Job>;
  /** A bug in what nobody waits for. */
  readonly crash: (cause: unknown) => void;
  /** Hands an operator's or an applicant's answer to whoever waits for it. */
  readonly answer: (id: string, answer: Answer) => void;
  readonly admit: (id: string, admission: Admission) => void;
};

export function perform(
  effects: readonly Effect[],
  world: World,
  ports: Pick<Ports, 'agents' | 'clock'>,
  inbox: Inbox,
  desk: Desk,
): void {
  const isSuperseded = silenceOf(world.state) === 'superseded';
  for (const effect of effects) {
    // Its successor is to hear of what ran and to say what goes on: results stay with their nodes.
    if (isSuperseded && isWordToAgent(effect)) continue;
    performOne(effect, world, ports, inbox, desk);
  }
}

const isWordToAgent = ({ kind }: Effect): boolean =>
  kind === 'send-job' || kind === 'revoke-job' || kind === 'cancel-run' || kind === 'ack';

function performOne(
  effect: Effect,
  world: World,
  { agents, clock }: Pick<Ports, 'agents' | 'clock'>,
  inbox: Inbox,
  desk: Desk,
): void {
  switch (effect.kind) {
    case 'send-job': {
      const job = buildJob(world, effect, clock.now());
      const handOver = (whole: Job): void => {
        const { node, run } = effect;
        const envelope = desk.sign(whole);
        const why = whyTooLarge(envelope);
        if (why !== null) inbox.post({ kind: 'undeliverable', node, run, why });
        else if (!agents.send(node, { kind: 'job', envelope })) {
          inbox.post({ kind: 'not-sent', node, run });
        }
      };
      // A revocation that overtakes the job is remembered by the node: it starts nothing then.
      if (holdsSecrets(job)) desk.wrap(job).then(handOver, desk.crash);
      else handOver(job);
      return;
    }
    case 'revoke-job':
      agents.send(effect.node, { kind: 'revoke', run: effect.run });
      return;
    case 'cancel-run':
      agents.send(effect.node, { kind: 'cancel', run: effect.run, reason: effect.reason });
      return;
    case 'ack':
      agents.send(effect.node, { kind: 'ack', run: effect.run });
      return;
    case 'drop-node':
      agents.drop(effect.node, effect.reason);
      return;
    case 'admit':
      desk.admit(effect.id, effect.admission);
      return;
    case 'answer':
      desk.answer(effect.id, effect.answer);
      return;
    default:
      return unreachable(effect);
  }
}

const holdsSecrets = ({ parameterStore }: Job): boolean =>
  Object.values(parameterStore).some(({ type }) => type === 'SecureString');

/** The job of a run that was just offered: its execution's generation is the one in force, or it would be closed. */
function buildJob(
  world: World,
  effect: Effect & { kind: 'send-job' },
  now: ReturnType<Ports['clock']['now']>,
): Job {
  const { state } = world;
  const instance = present(state.instance, 'a daemon that offers has an instance');
  const accepted = present(state.accepted, 'a daemon that offers has accepted a revision');
  const execution = present(state.executions.get(effect.execution), 'an offer has its execution');
  const definition = present(
    world.definition(effect.association),
    'an offer has its definition in force',
  );
  const run = present(execution.runs.get(effect.node), 'an offer has its run');
  const { document, parameterStore, digests, association } = definition;
  const shared = sharedParts(instance.name, definition);
  invariant(execution.generation === digests.generation, 'an open execution is of this generation');
  const number = document.number ?? state.documents.get(document.name)?.number ?? 1;
  return {
    ...shared,
    kind: 'job',
    instance: instance.name,
    node: effect.node,
    run: effect.run,
    execution: effect.execution,
    association: association.name,
    generation: digests.generation,
    occasion: effect.occasion,
    document: {
      name: document.name,
      version: String(number),
      content: document.document.content,
      digest: document.document.digest,
    },
    parameterStore,
    fence: { epoch: instance.epoch, position: accepted.position },
    notBefore: now,
    notAfter: run.notAfter ?? now,
    onInterrupted: association.onInterrupted,
    timeoutMs: association.timeoutMs,
  };
}

type SharedParts = Pick<Job, 'associationId' | 'documents' | 'parameters' | 'parametersDigest'>;

const known = new WeakMap<Definition, { readonly instance: string; readonly parts: SharedParts }>();

/** What all jobs of a definition have in common, made once: a slot hands it to ten thousand nodes. */
function sharedParts(instance: string, definition: Definition): SharedParts {
  const before = known.get(definition);
  if (before?.instance === instance) return before.parts;
  const { association, includes } = definition;
  const ownId = associationId(instance, association.name);
  const parameters = reportsForItself(association)
    ? { ...definition.parameters, [ID_PARAMETER]: ownId }
    : definition.parameters;
  const documents = Object.fromEntries(
    includes.map(({ reference, document: { document: inner } }) => [
      reference,
      { content: inner.content, digest: inner.digest },
    ]),
  );
  const parts = {
    associationId: ownId,
    documents,
    parameters,
    parametersDigest: digestOf(parameters),
  };
  known.set(definition, { instance, parts });
  return parts;
}
