/** The reference model knows whom a resume forgave a rollout: no seed of the first hundreds gets as far as to need all of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { present } from '../../src/core/model/errors.ts';
import type { RunStatus } from '../../src/core/model/run.ts';
import type { Record } from '../../src/core/world/records.ts';
import { aName, executionOf, finished, inForce, minutesAfter, noon } from '../fakes/builders.ts';
import { createGateModel } from './gates.ts';
import { nodeIds } from './keys.ts';
import type { Wish } from './wish.ts';
import { contentOf } from './wish.ts';

const NAME = 'motd';
const association = aName(NAME);
/** Nodes 0 to 4 are the first ring, which bears one failure. */
const wish: Wish = {
  associations: new Map([
    [
      NAME,
      {
        document: 'doc',
        text: 't1',
        schedule: null,
        timezone: null,
        offsetDays: null,
        flag: false,
        manual: false,
        role: null,
        maxConcurrency: '100%',
        maxErrors: '100%',
        dependsOn: [],
        suspendedUntilMs: null,
        calendar: false,
        ring: { maxErrors: 1 },
        retry: false,
      },
    ],
  ]),
  documents: new Map([['doc', { version: 1, steps: 1, timeoutSeconds: 60, reporting: false }]]),
  nodes: new Map([0, 1, 2, 3, 4].map((number) => [number, 'web'])),
  broken: new Set(),
  freezes: [],
  program: 1,
};
const nodeOf = (number: number) => present(nodeIds[number], 'there are twelve');

/** `fails 1`, `succeeds 1`, `leaves 1`, `joins 1`, `halts`, `resumes`, `offers 4`: what the model says to the last of these. */
function judge(steps: readonly string[]): string {
  let said = 'fine';
  let minutes = 0;
  const model = createGateModel({
    broken: (promise, detail) => {
      throw new Error(`${promise}: ${detail}`);
    },
    sometimes: () => undefined,
    contentOfRun: () => contentOf(wish, NAME),
    associationOf: () => NAME,
    hasSucceeded: () => false,
  });
  const ends = (number: number, status: RunStatus): Record => {
    const finishedAt = minutesAfter(noon, minutes);
    const record = finished(executionOf(NAME, [1]), 1, { status, finishedAt });
    return { ...(record as Record & { kind: 'finished' }), node: nodeOf(number) };
  };
  const tell = (record: Record): void => model.onRecord(record, wish);
  const rollout = { ring: 0, passedAt: null, halted: null, forgiven: [] };
  tell({ ...(inForce(NAME) as Record & { kind: 'association' }), rollout });
  tell({ kind: 'assigned', association, nodes: [0, 1, 2, 3, 4].map(nodeOf) });
  const at = noon;
  for (const step of steps) {
    minutes += 1;
    const [word, number = '0'] = step.split(' ');
    said = 'fine';
    try {
      if (word === 'fails') tell(ends(Number(number), 'Failed'));
      else if (word === 'succeeds') tell(ends(Number(number), 'Success'));
      else if (word === 'leaves')
        tell({ kind: 'unassigned', association, nodes: [nodeOf(Number(number))] });
      else if (word === 'joins')
        tell({ kind: 'assigned', association, nodes: [nodeOf(Number(number))] });
      else if (word === 'halts')
        tell({ kind: 'rollout-halted', association, ring: 0, failures: 1, at });
      else if (word === 'resumes')
        tell({ kind: 'rollout-resumed', association, forgiven: [], by: 'ada', at });
      else model.onOffered(NAME, nodeOf(Number(number)), at, wish);
    } catch (error) {
      said = String((error as Error).message);
    }
  }
  return said;
}

const forgiven = ['fails 0', 'fails 1', 'halts', 'resumes'];

for (const { name, steps, says } of [
  { name: 'after a resume it goes on', steps: [...forgiven, 'offers 4'], says: /^fine$/ },
  {
    name: 'one more is borne',
    steps: [...forgiven, 'fails 2', 'offers 4'],
    says: /^fine$/,
  },
  {
    name: 'nobody takes over the forgiveness of one that heals',
    steps: [...forgiven, 'fails 2', 'succeeds 0', 'fails 3', 'offers 4'],
    says: /goes on to .* after too many failures/,
  },
  {
    name: 'who fails again and again stays forgiven',
    steps: [...forgiven, 'fails 0', 'fails 1', 'fails 2', 'halts'],
    says: /halts for failures that were forgiven/,
  },
  {
    name: 'who was well in between counts',
    steps: [...forgiven, 'succeeds 0', 'fails 0', 'fails 2', 'halts'],
    says: /^fine$/,
  },
  {
    name: 'who was no target in between counts',
    steps: [...forgiven, 'leaves 0', 'joins 0', 'fails 0', 'fails 2', 'offers 4'],
    says: /goes on to .* after too many failures/,
  },
])
  test(`the model of rings: ${name}`, () => {
    assert.match(judge(steps), says);
  });
