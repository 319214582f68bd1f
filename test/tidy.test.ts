/** Rules of the house that no linter knows. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

function filesBelow(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

const sources = filesBelow('src').filter((path) => path.endsWith('.ts'));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
/** Code without its comments and strings: what it does, not what it speaks of. */
const codeOf = (path: string): string =>
  read(path)
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|\s)\/\/.*$/gm, '')
    .replace(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, "''");

test('core asks for no time, no randomness, no environment, and waits for nothing', () => {
  const impure =
    /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bsetTimeout\b|\bsetInterval\b|\bsetImmediate\b|\bprocess\.|\bperformance\.|\bawait\b|\basync\b|\brandom(UUID|Bytes)\b/;
  const offenders = sources
    .filter((path) => path.startsWith('src/core/') && !path.endsWith('.gen.ts'))
    .filter((path) => impure.test(codeOf(path)));
  assert.deepEqual(offenders, []);
});

test('nothing runs a shell with a text, evaluates code, or trusts a certificate blindly by name', () => {
  const offenders = sources.filter((path) =>
    /\bexecSync\(|\bexec\(['"`]|\beval\(|\bnew Function\(/.test(read(path)),
  );
  assert.deepEqual(offenders, []);
});

test('only disk/ and the Git adapters open files for writing', () => {
  const writes =
    /\bwriteFile(Sync)?\(|\bcreateWriteStream\(|\bappendFile(Sync)?\(|['"](wx?|ax?)\+?['"]/;
  const allowed = /^src\/(disk|io\/git|io\/status|cli\/|agent\/executor)|\.gen\.ts$/;
  assert.deepEqual(
    sources.filter(
      (path) => !allowed.test(path) && writes.test(read(path).replace(/\/\*[\s\S]*?\*\//g, '')),
    ),
    [],
  );
});

test('every folder under src opens with a README of at most 40 lines', () => {
  const folders = [...new Set(sources.map((path) => path.slice(0, path.lastIndexOf('/'))))].filter(
    (folder) => folder !== 'src' && folder !== 'src/core' && folder !== 'src/io',
  );
  const wrong = folders.filter((folder) => {
    const readme = join(root, folder, 'README.md');
    return !existsSync(readme) || read(`${folder}/README.md`).trimEnd().split('\n').length > 40;
  });
  assert.deepEqual(wrong, []);
});

test('a skipped test names its reason', () => {
  const offenders = filesBelow('test')
    .filter((path) => path.endsWith('.ts') && path !== 'test/tidy.test.ts')
    .filter((path) => /\bskip: *true\b|\btest\.(skip|only|todo)\(/.test(read(path)));
  assert.deepEqual(offenders, []);
});

test('no promise of later stands in what ships', () => {
  const shipped = [...sources, ...filesBelow('systemd'), ...filesBelow('schemas'), 'README.md'];
  const offenders = shipped.filter((path) => /\b(TODO|FIXME|XXX|HACK)\b/.test(read(path)));
  assert.deepEqual(offenders, []);
});

test('files are small enough to have one idea', () => {
  const large = sources
    .filter((path) => !path.endsWith('.gen.ts'))
    .filter((path) => read(path).split('\n').length > 600);
  assert.deepEqual(large, []);
  assert.ok(statSync(join(root, 'README.md')).size > 0);
});

test('what the README points to is packed with it', () => {
  const { files } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    readonly files: readonly string[];
  };
  const links = readFileSync('README.md', 'utf8').matchAll(
    /`(docs\/[\w-]+\.md|schemas\/[\w-]+\.md|[A-Z]+\.md)`/g,
  );
  const missing = [...links]
    .map(([, path = '']) => path)
    .filter((path) => !files.includes(path) && !files.includes(path.split('/')[0] ?? ''));
  assert.deepEqual(missing, []);
});
