import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EscrowOptions } from '../../src/daemon/escrow.ts';
import { openEscrow } from '../../src/daemon/escrow.ts';
import type { Job } from '../../src/protocol/messages.ts';
import { decryptWith, encryptFor, makeIdentityText, recipientOf } from '../../src/secrets/age.ts';
import { job } from '../protocol/messages.ts';

const [escrow, old, node, stranger] = await Promise.all([1, 2, 3, 4].map(makeIdentityText));
const recipient = async (identity = ''): Promise<string> => recipientOf(identity);
const forEscrow = await encryptFor([await recipient(escrow)], 'for the escrow');
const forOld = await encryptFor([await recipient(old)], 'before the rotation');
const forStranger = await encryptFor([await recipient(stranger)], 'for a role');
const nodeRecipient = await recipient(node);

type Store = Job['parameterStore'];
const secure = (value: string): Store[string] => ({ type: 'SecureString', value });
const withStore = (parameterStore: Store): Job => ({ ...job(), parameterStore });

function open(options: Partial<EscrowOptions> = {}) {
  const logged: string[] = [];
  const wrap = openEscrow({
    identities: [escrow ?? '', old ?? ''],
    recipientOf: () => nodeRecipient,
    log: (event) => logged.push(event),
    ...options,
  });
  return { wrap, logged };
}

async function openedBy(identity: string | undefined, { value }: Store[string]): Promise<string> {
  const opened = await decryptWith([identity ?? ''], value);
  return opened.kind === 'plain' ? Buffer.from(opened.bytes).toString() : opened.kind;
}

test('what is for the escrow is for the node afterwards, and for nobody else', async () => {
  const { wrap, logged } = open();
  const wrapped = await wrap(withStore({ a: secure(forEscrow), b: secure(forOld) }));
  const { a, b } = wrapped.parameterStore;
  assert.ok(a !== undefined && b !== undefined);
  assert.equal(await openedBy(node, a), 'for the escrow');
  assert.equal(await openedBy(node, b), 'before the rotation');
  assert.equal(await openedBy(escrow, a), 'foreign');
  assert.deepEqual(logged, []);
});

test('everything else of the job stays as it is', async () => {
  const store: Store = {
    plain: { type: 'String', value: 'x' },
    list: { type: 'StringList', value: 'a,b' },
    role: secure(forStranger),
    secret: secure(forEscrow),
  };
  const given = withStore(store);
  const wrapped = await open().wrap(given);
  const { secret, ...rest } = wrapped.parameterStore;
  const { secret: _, ...before } = store;
  assert.deepEqual(rest, before);
  assert.notEqual(secret?.value, forEscrow);
  assert.deepEqual({ ...wrapped, parameterStore: null }, { ...given, parameterStore: null });
  assert.equal(
    given.parameterStore['secret']?.value,
    forEscrow,
    'the job that was given is not changed',
  );
});

test('a node that is not known gets what the repository holds', async () => {
  const given = withStore({ a: secure(forEscrow) });
  assert.deepEqual(await open({ recipientOf: () => null }).wrap(given), given);
});

test('a recipient that is none gets nothing that it could open, and the log says so without the value', async () => {
  const { wrap, logged } = open({ recipientOf: () => 'age1nonsense' });
  const given = withStore({ a: secure(forEscrow) });
  assert.deepEqual(await wrap(given), given);
  assert.deepEqual(logged, ['recipient-unusable']);
});

test('a damaged ciphertext passes as it is and is logged once, however many nodes get it', async () => {
  const lines = forEscrow.trimEnd().split('\n');
  const at = lines.length - 2;
  const broken = lines.map((line, i) => (i === at ? line.replace(/[A-Za-z]/g, 'A') : line));
  const { wrap, logged } = open();
  const given = withStore({ a: secure(broken.join('\n')) });
  for (let times = 0; times < 3; times++) assert.deepEqual(await wrap(given), given);
  assert.deepEqual(logged, ['secret-broken']);
});

test('each node gets a ciphertext of its own, and the same one never twice', async () => {
  const { wrap } = open();
  const values = await Promise.all(
    [1, 2, 3].map(
      async () => (await wrap(withStore({ a: secure(forEscrow) }))).parameterStore['a']?.value,
    ),
  );
  assert.equal(new Set(values).size, 3);
});
