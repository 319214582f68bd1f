/** What ships: the built program finds its threads, documents, schemas and libraries where the build puts them. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { installBuilt } from '../fakes/built-program.ts';
import { tempFolder } from './cli.ts';
import { stage } from './stage.ts';

const CHECKOUT = fileURLToPath(new URL('../../', import.meta.url));

test('built', async (t) => {
  const folder = join(await tempFolder(t), 'reconciled');
  installBuilt(folder);
  symlinkSync(join(CHECKOUT, 'node_modules'), join(folder, 'node_modules'));
  const run = (...args: readonly string[]) =>
    spawnSync(process.execPath, [join(folder, 'bin/reconciled.mjs'), ...args], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], HOME: tmpdir(), NODE_NO_WARNINGS: '1' },
    });

  await t.test('the start of the program is joined, and its libraries are not in it', () => {
    assert.equal(
      readFileSync(join(folder, 'dist/main.js'), 'utf8'),
      "import './joined/main.js';\n",
    );
    const text = readFileSync(join(folder, 'dist/joined/main.js'), 'utf8');
    assert(!text.includes('node_modules'), 'their code stays where their licences are');
  });

  await t.test('it tells its version, and makes a repository that is valid', async (inner) => {
    const { version } = JSON.parse(readFileSync(join(CHECKOUT, 'package.json'), 'utf8')) as {
      readonly version: string;
    };
    assert.equal(run('--version').stdout, `${version}\n`);
    const dir = join(await tempFolder(inner), 'fleet');
    assert.equal(run('init', dir).status, 0);
    assert.match(run('validate', dir).stdout, /^valid: 0 errors/m);
  });

  await t.test(
    'its daemon reads a revision in its thread, and keeps what files said',
    async (inner) => {
      const { dir, config } = await stage(inner);
      const { status, stderr } = run('daemon', '--once', '--config', config);
      assert.equal(status, 0, stderr);
      assert(existsSync(join(dir, 'state/parsed-files.cache')));
    },
  );
});
