import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import test from 'node:test';
import { call, tempFolder } from './cli.ts';

/** A name that every format has to escape. */
const HOSTILE = 'a b&"<c>%,:.json';
const BROKEN = JSON.stringify({
  schemaVersion: '2.2',
  parameters: { 'x]]>\n::error::y': { type: 'String' } },
  mainSteps: [
    { action: 'aws:runShellScript', name: 'ok', timeoutSeconds: 5, inputs: { runCommand: ['x'] } },
  ],
});
const FINE = JSON.stringify({
  schemaVersion: '2.2',
  mainSteps: [{ action: 'aws:runShellScript', name: 'say', inputs: { runCommand: ['true'] } }],
});

async function repository(t: test.TestContext): Promise<string> {
  const dir = await tempFolder(t);
  await mkdir(join(dir, 'documents'));
  await writeFile(join(dir, 'documents', HOSTILE), BROKEN);
  await writeFile(join(dir, 'documents', 'Fine.json'), FINE);
  return dir;
}

const lint = async (t: test.TestContext, format: string) => {
  const dir = await repository(t);
  const told = await call(['document', 'lint', join(dir, 'documents'), '--format', format]);
  assert.equal(told.code, 3);
  return { dir, ...told };
};

type Sarif = {
  readonly version: string;
  readonly runs: readonly {
    readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
    readonly results: readonly {
      readonly ruleId: string;
      readonly ruleIndex: number;
      readonly level: string;
      readonly locations: readonly {
        readonly physicalLocation: {
          readonly artifactLocation: { readonly uri: string };
          readonly region: { readonly startLine: number; readonly startColumn: number };
        };
      }[];
      readonly partialFingerprints: { readonly [name: string]: string };
    }[];
  }[];
};

test('sarif: a result per problem, each with its rule, level and place', async (t) => {
  const { stdout } = await lint(t, 'sarif');
  const { version, runs } = JSON.parse(stdout) as Sarif;
  assert.equal(version, '2.1.0');
  const [run] = runs;
  assert.deepEqual(new Set(run?.results.map(({ level }) => level)), new Set(['error', 'warning']));
  for (const { ruleId, ruleIndex, locations } of run?.results ?? []) {
    assert.equal(run?.tool.driver.rules[ruleIndex]?.id, ruleId);
    const { artifactLocation, region } = locations[0]?.physicalLocation ?? {};
    assert.equal(decodeURIComponent(artifactLocation?.uri.split('/').at(-1) ?? ''), HOSTILE);
    assert.ok((region?.startLine ?? 0) >= 1 && (region?.startColumn ?? 0) >= 1);
  }
  const prints = run?.results.map((one) => one.partialFingerprints['reconciled/v1']);
  assert.equal(new Set(prints).size, prints?.length);
});

test('junit: a file is a test, an error its failure, and nothing in a name is markup', async (t) => {
  const { stdout } = await lint(t, 'junit');
  assert.match(
    stdout,
    /^<\?xml version="1.0" encoding="UTF-8"\?>\n<testsuites [^>]*tests="2" failures="1">/,
  );
  assert.equal(stdout.split('<testcase ').length - 1, 2);
  assert.equal(stdout.split('<failure ').length - 1, 1);
  assert.match(stdout, /<system-out>[^<]*warning/);
  assert.ok(stdout.includes('a b&amp;&quot;&lt;c&gt;%,:.json'));
  // Outside of tags nothing is left to escape.
  assert.ok(!/[<>]/.test(stdout.replace(/<[^<>]*>/g, '')), stdout);
});

test('github: one line per problem, whatever a file says', async (t) => {
  const { stdout } = await lint(t, 'github');
  const lines = stdout.trimEnd().split('\n');
  for (const line of lines)
    assert.match(
      line,
      /^::(error|warning) file=[^,:]+a b&"<c>%25%2C%3A\.json,line=\d+,col=\d+,title=[a-z-]+::./,
    );
  assert.ok(!/\n::error::y/.test(stdout));
});

test('gitlab: a list with fingerprints that survive a move of the lines', async (t) => {
  const { stdout } = await lint(t, 'gitlab');
  const issues = JSON.parse(stdout) as readonly {
    readonly check_name: string;
    readonly severity: string;
    readonly fingerprint: string;
    readonly location: { readonly path: string; readonly lines: { readonly begin: number } };
  }[];
  assert.deepEqual(new Set(issues.map(({ severity }) => severity)), new Set(['major', 'minor']));
  for (const { location, fingerprint } of issues) {
    assert.ok(location.path.endsWith(HOSTILE) && location.lines.begin >= 1);
    assert.match(fingerprint, /^[0-9a-z:]{16,}$/);
  }
});

test('validate prints the same formats, with paths as they are seen from here', async (t) => {
  const dir = await repository(t);
  const here = relative(process.cwd(), dir);
  const told = await call(['validate', dir, '--format', 'gitlab']);
  assert.equal(told.code, 3);
  const [first] = JSON.parse(told.stdout) as readonly { location: { path: string } }[];
  assert.equal(first?.location.path, `${here}/documents/${HOSTILE}`);
  const junit = await call(['validate', dir, '--format', 'junit']);
  assert.match(junit.stdout, /name="[^"]*documents\/Fine\.json"/);
});

test('without a problem every format is still a whole report', async (t) => {
  const dir = await tempFolder(t);
  const file = join(dir, 'Fine.json');
  await writeFile(file, FINE);
  const print = async (format: string) =>
    (await call(['document', 'lint', file, '--format', format])).stdout;
  assert.deepEqual((JSON.parse(await print('sarif')) as Sarif).runs[0]?.results, []);
  assert.match(await print('junit'), /tests="1" failures="0"/);
  assert.deepEqual([await print('github'), JSON.parse(await print('gitlab'))], ['', []]);
});
