import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { corpusFolder, corpusMissing } from '../core/document/vectors.ts';
import { fits } from '../schemas/printed.ts';
import { call, tempFolder } from './cli.ts';

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
  fits('document-lint', await print('document', 'lint', dir));
  for (const name of Object.keys(files))
    for (const platform of ['Linux', 'Windows', 'MacOS'])
      fits(
        'document-render',
        await print('document', 'render', join(dir, name), '--platform', platform),
      );
  fits('document-run', await print('document', 'run', join(dir, 'old.json'), '--root', dir));
  // Its secret cannot be opened here.
  fits('document-run', await print('document', 'run', join(dir, 'good.json'), '--root', dir));
  await writeFile(join(dir, 'plain.json'), document().replace('{{ssm-secure:/p}}', 'y'));
  fits('document-run', await print('document', 'run', join(dir, 'plain.json'), '--root', dir));
});

test('the schemas hold for real documents', { skip: corpusMissing }, async () => {
  const folder = corpusFolder('documents');
  const names = (await readdir(folder)).filter((name) => /\.(json|ya?ml)$/.test(name)).slice(0, 30);
  const { stdout } = await call(['document', 'lint', folder, '--format', 'json']);
  fits('document-lint', stdout);
  for (const name of names) {
    const rendered = await call(['document', 'render', join(folder, name), '--format', 'json']);
    fits('document-render', rendered.stdout);
  }
});
