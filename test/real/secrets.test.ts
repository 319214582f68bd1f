import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { encryptFor, makeIdentityText, recipientOf } from '../../src/secrets/age.ts';
import { association } from './files.ts';
import { openFleet, STATUS_BRANCH } from './fleet.ts';

const SECRET = 'correct-horse\nbattery staple\n';
const PASSWORD = 'a-password-of-a-server';
const PIECES = ['correct-horse', 'battery staple', Buffer.from(SECRET).toString('base64')];

const fleet = await openFleet({
  files: {},
  nodes: { a: {}, b: {} },
  configLines: ['identity: { escrow: escrow.key }'],
});
after(() => fleet.close());

/** What `doctor` prints. */
const escrow =
  /age1\w+/.exec(readFileSync(join(fleet.dir, 'etc', 'escrow.key'), 'utf8'))?.[0] ?? '';

const keep = (name: string, lines: readonly string[]) => ({
  [`documents/${name}.json`]: JSON.stringify({
    schemaVersion: '2.2',
    parameters: { password: { type: 'String', interpolationType: 'ENV_VAR' } },
    mainSteps: [{ action: 'aws:runShellScript', name: 'keep', inputs: { runCommand: lines } }],
  }),
});
const parameter = (name: string, value: string) => ({
  [`parameters/${name}.json`]: JSON.stringify({
    Name: `/${name}`,
    Type: 'SecureString',
    Value: value,
  }),
});
const uses = (name: string, document: string, secret: string) =>
  association(name, {
    Name: document,
    Parameters: { password: [`{{ssm-secure:/${secret}}}`] },
  });

function filesBelow(dir: string): readonly string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
}

test('a secret for the escrow reaches a script of each node, and no byte of it anything else', async () => {
  fleet.commit({
    ...keep('Keep', [
      'printf %s "$SSM_password" | sha256sum | cut -c1-64 > "$RECONCILED_ROOT/digest"',
      'echo "the password is $SSM_password" >&2; set -x; : "$SSM_password"; exit 3',
    ]),
    ...parameter('db', await encryptFor([escrow], SECRET)),
    ...uses('keep-secret', 'Keep', 'db'),
  });
  const digest = createHash('sha256').update(SECRET).digest('hex');
  for (const node of ['a', 'b']) {
    await fleet.until(
      () => fleet.line(node, 'keep-secret')?.Status === 'Failed',
      `${node} says how it ended`,
    );
    assert.deepEqual(fleet.lines(node, 'digest'), [digest]);
    assert.match(JSON.stringify(fleet.line(node, 'keep-secret')), /the password is \*\*\*/);
  }
  const told = filesBelow(fleet.dir).map((path) => readFileSync(path));
  // Its objects are deflated.
  const published = fleet.repo
    .list(STATUS_BRANCH)
    .map((path) => fleet.repo.show(path, STATUS_BRANCH));
  for (const piece of PIECES) {
    assert.ok(
      told.every((bytes) => !bytes.includes(piece)),
      `a file holds ${piece}`,
    );
    assert.ok(
      published.every((text) => !text.includes(piece)),
      `the status branch holds ${piece}`,
    );
  }
});

test('a secret for the escrow is the password of a download, and stays in no file', async (t) => {
  const wanted = `Basic ${Buffer.from(`deploy:${PASSWORD}`).toString('base64')}`;
  const server = createServer((request, response) => {
    response.statusCode = request.headers.authorization === wanted ? 200 : 401;
    response.end('fetched\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const sourceInfo = {
    url: `http://127.0.0.1:${port}/f`,
    allowInsecureDownload: true,
    authMethod: 'Basic',
    username: 'deploy',
    password: '{{ssm-secure:/login}}',
  };
  fleet.commit({
    'documents/Fetch.json': JSON.stringify({
      schemaVersion: '2.2',
      mainSteps: [
        {
          action: 'aws:downloadContent',
          name: 'fetch',
          inputs: { sourceType: 'HTTP', sourceInfo, destinationPath: 'f' },
        },
        {
          action: 'aws:runShellScript',
          name: 'keep',
          inputs: { runCommand: ['cat f >> "$RECONCILED_ROOT/fetched"'] },
        },
      ],
    }),
    ...parameter('login', await encryptFor([escrow], PASSWORD)),
    ...association('fetch', { Name: 'Fetch' }),
  });
  await fleet.until(() => fleet.line('a', 'fetch')?.Status === 'Success', 'a has fetched it');
  assert.deepEqual(fleet.lines('a', 'fetched'), ['fetched']);
  for (const path of filesBelow(fleet.dir))
    assert.ok(!readFileSync(path).includes(PASSWORD), `${path} holds the password`);
});

test('a secret for somebody else starts nothing, and the report names it', async () => {
  const stranger = await recipientOf(await makeIdentityText());
  fleet.commit({
    ...keep('Touch', ['touch "$RECONCILED_ROOT/touched"']),
    ...parameter('other', await encryptFor([stranger], SECRET)),
    ...uses('foreign-secret', 'Touch', 'other'),
  });
  await fleet.until(
    () => fleet.line('a', 'foreign-secret')?.DetailedStatus === 'SecretUnavailable',
    'a says that it cannot open it',
  );
  assert.match(
    JSON.stringify(fleet.line('a', 'foreign-secret')),
    /Parameter \/other of type SecureString/,
  );
  assert.ok(!readdirSync(fleet.root('a')).includes('touched'));
});
