import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Schema } from '../../schemas/generate/source.ts';
import { INPUT_KINDS, readSchemas } from '../../schemas/generate/source.ts';
import { innerOf } from '../../schemas/generate/types.ts';
import { validationOf } from '../../src/core/load/validate.ts';
import type { AgentMessageShape, ServerMessageShape } from '../../src/core/model/schemas.gen.ts';
import type { AgentMessage, ServerMessage } from '../../src/protocol/messages.ts';
import { codesOf, load, repository, SAY, says } from '../core/load/repository.ts';

const schemas = readSchemas();

function validatorOf(kind: string) {
  const found = schemas.find((one) => one.kind === kind);
  assert.ok(found !== undefined, kind);
  const ajv = new Ajv2020({
    strict: true,
    strictRequired: false,
    allowUnionTypes: true,
    validateFormats: false,
  });
  ajv.addVocabulary(['x-form', 'x-effect', 'x-missing', 'x-notBuiltValues']);
  return ajv.compile(found.schema);
}

test('what is generated is what the schemas say', async () => {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', 'schemas/generate.ts', '--check'],
    { cwd: root },
  );
});

test('the validators need nothing at run time', () => {
  const text = readFileSync(
    new URL('../../src/core/model/validators.gen.ts', import.meta.url),
    'utf8',
  );
  assert.doesNotMatch(text, /\brequire\(|^import /m);
});

for (const { kind, schema } of schemas) {
  test(`schema ${kind}: every key is described, every object has a title`, () => {
    const visit = (inner: Schema, path: string): void => {
      assert.ok(
        inner.description !== undefined ||
          inner.$ref !== undefined ||
          path.endsWith('/items') ||
          path.includes('anyOf'),
        `${path} has no description`,
      );
      if (inner.type === 'object') assert.ok(inner.title !== undefined, `${path} has no title`);
      for (const [step, deeper] of innerOf(inner)) visit(deeper, `${path}/${step}`);
    };
    visit(schema, '#');
  });
  test(`schema ${kind}: it compiles, and its own examples fit`, () => {
    const validate = validatorOf(kind);
    for (const example of schema.examples ?? [])
      assert.ok(validate(example), JSON.stringify(validate.errors));
  });
}

test('our own kinds are closed', () => {
  const visit = (inner: Schema, path: string): void => {
    const open = inner['x-effect'] !== undefined || inner.additionalProperties !== undefined;
    if (inner.type === 'object') assert.ok(open, path);
    for (const [step, deeper] of innerOf(inner)) visit(deeper, `${path}/${step}`);
  };
  for (const { kind, schema } of schemas)
    if (INPUT_KINDS.some((input) => input === kind)) visit(schema, kind);
});

test('what an author may get wrong is said in words, too, not as a pattern alone', () => {
  const visit = (inner: Schema, path: string): void => {
    if (inner.pattern !== undefined) assert.ok(inner['x-form'] !== undefined, path);
    for (const [step, deeper] of innerOf(inner)) visit(deeper, `${path}/${step}`);
  };
  for (const { kind, schema } of schemas)
    if (INPUT_KINDS.some((input) => input === kind)) visit(schema, kind);
});

test('what validate prints has the shape of its schema', () => {
  const { catalog } = load(
    repository({ 'documents/Say.yaml': SAY, 'associations/a.yaml': says('one', 'Nonsense: 1\n') }),
  );
  assert.ok(codesOf(catalog).length > 0);
  const validate = validatorOf('problems');
  assert.ok(
    validate(JSON.parse(JSON.stringify(validationOf(catalog)))),
    JSON.stringify(validate.errors),
  );
});

// Lists are read-only in the program, and its texts are branded: so the one assigns to the other, and the keys agree.
type Loose<Value> = Value extends readonly (infer Item)[]
  ? Loose<Item>[]
  : Value extends string | number | boolean | null
    ? Value
    : { -readonly [Key in keyof Value]: Loose<Value[Key]> };
type KeysByKind<Message extends { readonly kind: string }> = {
  [Kind in Message['kind']]: keyof Extract<Message, { readonly kind: Kind }>;
};

test('the schema of messages and the types of the program agree', () => {
  const agent = (message: Loose<AgentMessage>): AgentMessageShape => message;
  const server = (message: Loose<ServerMessage>): ServerMessageShape => message;
  const agentKeys = (keys: KeysByKind<AgentMessageShape>): KeysByKind<AgentMessage> => keys;
  const serverKeys = (keys: KeysByKind<ServerMessageShape>): KeysByKind<ServerMessage> => keys;
  for (const check of [agent, server, agentKeys, serverKeys])
    assert.equal(typeof check, 'function');
  const validate = validatorOf('agent-messages');
  assert.ok(validate({ kind: 'accepted', run: '0123456789abcdefghijklmnop' }));
  assert.ok(!validate({ kind: 'accepted', run: 'x' }));
  assert.ok(!validate({ kind: 'unheard-of' }));
});
