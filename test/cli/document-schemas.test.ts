import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { readSchemas } from '../../schemas/generate/source.ts';
import { corpusFolder, corpusMissing } from '../core/document/vectors.ts';
import { call, tempFolder } from './cli.ts';

/** Fails with every misfit, and with every key of the output that the schema does not tell of. */
function mustFit(kind: string, stdout: string): void {
  const found = readSchemas().find((one) => one.kind === kind);
  const closed = JSON.parse(
    JSON.stringify(found?.schema).replaceAll(
      '"additionalProperties":true',
      '"additionalProperties":false',
    ),
  ) as object;
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, validateFormats: false });
  const validate = ajv.compile(closed);
  assert.ok(validate(JSON.parse(stdout)), JSON.stringify(validate.errors));
}

const document = (more: object = {}): string =>
  JSON.stringify({
    schemaVersion: '2.2',
    parameters: {
      word: { type: 'String', default: 'x', interpolationType: 'ENV_VAR' },
      secret: { type: 'String', default: '{{ssm-secure:/p}}', interpolationType: 'ENV_VAR' },
    },
    mainSteps: [
      {
        action: 'aws:runShellScript',
        name: 'fails',
        inputs: { runCommand: ['echo {{ word }}; exit 3'], onFailure: 'exit', ...more },
      },
      { action: 'aws:psModule', name: 'skipped', inputs: {} },
      { action: 'aws:nothing', name: 'unknown', inputs: [{}, {}], nextStep: 'x' },
    ],
  });
const OLD = JSON.stringify({
  schemaVersion: '1.2',
  runtimeConfig: { 'aws:runShellScript': { properties: [{ id: 'a', runCommand: ['true'] }] } },
});

test('lint, render and run print what their schemas say, and nothing else', async (t) => {
  const dir = await tempFolder(t);
  const files = { 'good.json': document(), 'old.json': OLD, 'bad.json': '{"schemaVersion":"9"}' };
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text);
  const print = async (...line: readonly string[]): Promise<string> =>
    (await call([...line, '--format', 'json'])).stdout;
  mustFit('document-lint', await print('document', 'lint', dir));
  for (const name of Object.keys(files))
    for (const platform of ['Linux', 'Windows', 'MacOS'])
      mustFit(
        'document-render',
        await print('document', 'render', join(dir, name), '--platform', platform),
      );
  mustFit('document-run', await print('document', 'run', join(dir, 'old.json'), '--root', dir));
  // Its secret cannot be opened here.
  mustFit('document-run', await print('document', 'run', join(dir, 'good.json'), '--root', dir));
  await writeFile(join(dir, 'plain.json'), document().replace('{{ssm-secure:/p}}', 'y'));
  mustFit('document-run', await print('document', 'run', join(dir, 'plain.json'), '--root', dir));
});

test('the schemas hold for real documents', { skip: corpusMissing }, async () => {
  const folder = corpusFolder('documents');
  const names = (await readdir(folder)).filter((name) => /\.(json|ya?ml)$/.test(name)).slice(0, 30);
  const { stdout } = await call(['document', 'lint', folder, '--format', 'json']);
  mustFit('document-lint', stdout);
  for (const name of names) {
    const rendered = await call(['document', 'render', join(folder, name), '--format', 'json']);
    mustFit('document-render', rendered.stdout);
  }
});
