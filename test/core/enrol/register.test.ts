import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sha256Hex } from '../../../src/core/canonical/digest.ts';
import { nodesOf } from '../../../src/core/enrol/nodes.ts';
import type { Applicant } from '../../../src/core/enrol/register.ts';
import { admit } from '../../../src/core/enrol/register.ts';
import { instant, nodeId } from '../../../src/core/model/brand.ts';
import type { Registration } from '../../../src/core/model/node.ts';
import { emptyState } from '../../../src/core/model/state.ts';
import { load, repository } from '../load/repository.ts';

const CODE = 'a-code-of-256-bits';
const ACTIVATION = '6f1c2f0e-4f5a-4d53-9a52-0d8e6f3b7c11';
const KEY = 'ed25519:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=';
const OTHER_KEY = 'ed25519:PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=';
const node = nodeId('mi-0123456789abcdef0');
const expires = instant(Date.parse('2030-01-01T00:00:00Z'));

const activation = (extra = '') =>
  `ActivationId: ${ACTIVATION}\nActivationCodeHash: sha256:${sha256Hex(CODE)}\nRegistrationLimit: 2\nExpirationDate: 2030-01-01T00:00:00Z\nTags: [{ Key: role, Value: web }]\n${extra}`;

const catalogOf = (contents: { readonly [path: string]: string }) =>
  load(repository(contents)).catalog;
const catalog = catalogOf({ 'activations/a.yaml': activation() });

function applicant(changes: Partial<Applicant> = {}): Applicant {
  return {
    node,
    publicKey: KEY,
    hostname: 'web-1',
    activation: { id: ACTIVATION, code: CODE },
    ...changes,
  };
}
function registration(id: string, publicKey = KEY): Registration {
  return {
    node: nodeId(id),
    publicKey,
    activationId: ACTIVATION,
    name: id,
    tags: {},
    at: instant(0),
  };
}
function registryOf(...registrations: readonly Registration[]) {
  const { revoked } = emptyState();
  return { registrations: new Map(registrations.map((one) => [one.node, one])), revoked };
}
const before = instant(expires - 1);

test('a right code registers, with the tags of the activation and the host name', () => {
  const admission = admit(applicant(), catalog, registryOf(), before);
  assert.deepEqual(admission, {
    kind: 'register',
    registration: {
      node,
      publicKey: KEY,
      activationId: ACTIVATION,
      name: 'web-1',
      tags: { role: 'web' },
      at: before,
    },
  });
});

test('registering twice is harmless', () => {
  assert.deepEqual(admit(applicant(), catalog, registryOf(registration(node)), before), {
    kind: 'known',
  });
});

const others = ['mi-00000000000000001', 'mi-00000000000000002'].map((id) => registration(id));
for (const { name, what, registry = registryOf(), now = before, files = catalog, want } of [
  {
    name: 'a wrong code',
    what: applicant({ activation: { id: ACTIVATION, code: 'guess' } }),
    want: 'WRONG_CODE',
  },
  {
    name: 'an activation that is not in the repository yet',
    what: applicant({ activation: { id: 'new', code: CODE } }),
    want: 'UNKNOWN_ACTIVATION',
  },
  { name: 'no activation', what: applicant({ activation: null }), want: 'UNKNOWN_NODE' },
  { name: 'the instant of expiry', what: applicant(), now: expires, want: 'ACTIVATION_EXPIRED' },
  {
    name: 'one node beyond the limit',
    what: applicant(),
    registry: registryOf(...others),
    want: 'ACTIVATION_USED_UP',
  },
  {
    name: 'another key for a known node',
    what: applicant({ publicKey: OTHER_KEY }),
    registry: registryOf(registration(node)),
    want: 'KEY_MISMATCH',
  },
  {
    name: 'a node that its file revokes',
    what: applicant(),
    files: catalogOf({
      'activations/a.yaml': activation(),
      'nodes/a.yaml': `InstanceId: ${node}\nRevoked: true\n`,
    }),
    want: 'REVOKED',
  },
  {
    name: 'a node that an operator revoked',
    what: applicant(),
    registry: {
      ...registryOf(registration(node)),
      revoked: new Map([[node, { by: 'ops', at: before }]]),
    },
    want: 'REVOKED',
  },
])
  test(`admit refuses, or waits for: ${name}`, () => {
    const admission = admit(what, files, registry, now);
    assert.ok(admission.kind === 'refused' || admission.kind === 'wait');
    assert.equal(admission.code, want);
  });

test('the last place of an activation can be taken', () => {
  const admission = admit(applicant(), catalog, registryOf(...others.slice(1)), before);
  assert.equal(admission.kind, 'register');
});

test('a node file wins: its name, and its tags whole', () => {
  const files = catalogOf({
    'nodes/a.yaml': `InstanceId: ${node}\nName: renamed\nTags: [{ Key: env, Value: prod }]\n`,
  });
  const registered = { ...registration(node), tags: { role: 'web', env: 'test' } };
  const found = nodesOf(files, registryOf(registered)).get(node);
  assert.deepEqual([found?.name, found?.tags, found?.publicKey], ['renamed', { env: 'prod' }, KEY]);
});

test('a node file without tags leaves those of the registration', () => {
  const files = catalogOf({ 'nodes/a.yaml': `InstanceId: ${node}\nName: renamed\n` });
  const registered = { ...registration(node), tags: { role: 'web' } };
  assert.deepEqual(nodesOf(files, registryOf(registered)).get(node)?.tags, { role: 'web' });
});

test('a node file with a key enrols by itself; one without waits for a registration', () => {
  const enrolled = nodesOf(catalogOf({ 'nodes/a.yaml': `PublicKey: ${KEY}\n` }), registryOf());
  assert.deepEqual(
    [...enrolled.values()].map(({ publicKey }) => publicKey),
    [KEY],
  );
  assert.equal(
    nodesOf(catalogOf({ 'nodes/a.yaml': `InstanceId: ${node}\n` }), registryOf()).size,
    0,
  );
});
