import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { makeRepo } from '../fakes/git-repo.ts';
import { call, sampleRepo, tempFolder } from './cli.ts';

type Validation = {
  readonly valid: boolean;
  readonly counts: { readonly [kind: string]: number };
  readonly problems: readonly { readonly [key: string]: unknown }[];
};

const broken = {
  'associations/motd.yaml':
    'AssociationName: motd\nName: KeepFiel\nTargets: [{ Key: "tag:role", Values: [web] }]\nColour: red\n',
  'documents/KeepFile.yaml':
    'schemaVersion: "2.2"\nmainSteps:\n  - action: aws:runShellScript\n    name: keep\n    inputs: { runCommand: ["true"] }\n',
};

test('validate: JSON has the shape of the contract, every mistake with its place', async (t) => {
  const dir = await folderOf(t, broken);
  const { code, stdout } = await call(['validate', dir, '--format', 'json']);
  const { valid, counts, problems } = JSON.parse(stdout) as Validation;
  assert.equal(code, 3);
  assert.equal(valid, false);
  assert.equal(counts['documents'], 1);
  assert.equal(typeof counts['associations'], 'number');
  assert.ok(problems.length >= 2, stdout);
  for (const problem of problems) {
    const keys = ['code', 'column', 'file', 'hint', 'line', 'message', 'pointer', 'severity'];
    assert.deepEqual(Object.keys(problem).sort(), keys);
  }
  const unknown = problems.find((each) => each['code'] === 'unknown-document');
  assert.equal(unknown?.['file'], 'associations/motd.yaml');
  assert.equal(unknown['line'], 2);
  assert.match(String(unknown['hint']) + String(unknown['message']), /KeepFile/);
});

test('validate: people see file:line:column, code, message and hint, and counts last', async (t) => {
  const dir = await folderOf(t, broken);
  const { stdout } = await call(['validate', dir]);
  assert.match(stdout, /^associations\/motd\.yaml$/m);
  assert.match(stdout, /^ {2}associations\/motd\.yaml:2:\d+: error unknown-document: .*KeepFiel/m);
  assert.match(stdout, /^ {6}hint: /m);
  assert.match(stdout, /invalid: 2 errors?, 0 warnings; .*1 document.*\n$/);
});

test('validate, plan: a folder that holds nothing of ours is valid, and doubted in words', async (t) => {
  const dir = await folderOf(t, { 'src/main.ts': 'no business of ours\n' });
  const validated = await call(['validate', dir]);
  assert.equal(validated.code, 0);
  assert.match(
    validated.stdout,
    /\nno file of ours lies here: .*associations\/ and documents\/\n$/,
  );
  const planned = await call(['plan', dir]);
  assert.match(planned.stdout, /no association lies here/);
  const sample = await call(['validate', sampleRepo]);
  assert.doesNotMatch(sample.stdout, /no file of ours/);
  const misspelt = await call(['validate', await folderOf(t, { 'associations/a.YAML': 'x' })]);
  assert.equal(misspelt.code, 3);
  assert.match(misspelt.stdout, /hint: Rename it to associations\/a\.yaml\./);
  assert.doesNotMatch(misspelt.stdout, /no file of ours/);
});

test('validate: what a hostile file says cannot move the cursor', async (t) => {
  const dir = await folderOf(t, { 'associations/x.yaml': 'Name: "\\u001b[2J\\u202e"\n' });
  for (const format of ['text', 'json']) {
    const { stdout } = await call(['validate', dir, '--format', format]);
    assert.ok(!/[\u001b\u202e]/.test(stdout), format);
  }
});

test('validate: the sample repository is valid without a warning', async () => {
  const { code, stdout } = await call(['validate', sampleRepo, '--format', 'json']);
  const { valid, problems } = JSON.parse(stdout) as Validation;
  assert.deepEqual({ code, valid, problems }, { code: 0, valid: true, problems: [] });
});

test('validate --rev reads a revision, whatever lies on disk', async (t) => {
  const repo = makeRepo(await tempFolder(t));
  repo.commit({ 'reconciled.yaml': '{}\n' });
  repo.commit({ 'associations/motd.yaml': broken['associations/motd.yaml'] });
  assert.equal((await call(['validate', repo.work])).code, 3);
  assert.equal((await call(['validate', repo.work, '--rev', 'HEAD~1'])).code, 0);
  const unknown = await call(['validate', repo.work, '--rev', 'nowhere']);
  assert.equal(unknown.code, 1);
  assert.match(unknown.stderr, /^error REVISION_UNKNOWN: /);
});

async function folderOf(
  t: Parameters<typeof tempFolder>[0],
  files: { readonly [path: string]: string },
): Promise<string> {
  const dir = await tempFolder(t);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(dir, path, '..'), { recursive: true });
    await writeFile(join(dir, path), text);
  }
  return dir;
}
