/** Scripts can do anything to the drop folder: it is told, and ends no agent. */
import assert from 'node:assert/strict';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDropFolder } from '../../../src/agent/executor/drop-folder.ts';
import type { ComplianceReport } from '../../../src/core/model/compliance.ts';
import { present } from '../../../src/core/model/errors.ts';
import { run } from '../../protocol/messages.ts';

type Broken = {
  readonly dir: string;
  open(): void;
  /** At the end of a step. */
  collect(sequence: number): ComplianceReport | null;
  forget(): Promise<void>;
};

async function withFolder(body: (broken: Broken) => Promise<void> | void): Promise<void> {
  const parent = mkdtempSync(join(tmpdir(), 'drop-'));
  const dir = join(parent, 'compliance');
  const make = () => present(openDropFolder(dir, 'mi-00000000000000001'), 'it has a node');
  let folder = make();
  try {
    await body({
      dir,
      open: () => {
        folder = make();
      },
      collect: (sequence) => folder.take({ run: run('1'), sequence }).report(null),
      forget: () => folder.forget(),
    });
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
}

const why = (report: ComplianceReport | null): readonly string[] =>
  (report?.refused ?? []).map(({ file, why }) => `${file}: ${why}`);
const put = (dir: string, name: string): void => writeFileSync(join(dir, name), '{}');

for (const { name, replace } of [
  { name: 'a file', replace: (dir: string) => writeFileSync(dir, '') },
  {
    name: 'a link that leads nowhere',
    replace: (dir: string) => symlinkSync('/nonexistent/x', dir),
  },
  { name: 'a link to itself', replace: (dir: string) => symlinkSync(dir, dir) },
  { name: 'nothing', replace: () => undefined },
]) {
  test(`the folder became ${name} during a step: it is one again for the next`, () =>
    withFolder(({ dir, collect }) => {
      rmSync(dir, { recursive: true });
      replace(dir);
      assert.equal(collect(0), null);
      assert.ok(statSync(dir).isDirectory());
      put(dir, 'a.json');
      assert.equal(collect(1)?.refused.length, 1, 'what is left there is taken again');
    }));

  test(`the folder was ${name} when the agent starts: it is one again`, () =>
    withFolder(({ dir, open, collect }) => {
      rmSync(dir, { recursive: true });
      replace(dir);
      open();
      assert.ok(statSync(dir).isDirectory());
      assert.equal(collect(0), null);
    }));
}

for (const path of ['.taken', `.taken/${run('1')}`, `.taken/${run('1')}/0`])
  test(`a file in the place of ${path.replace(run('1'), '<run>')} goes`, () =>
    withFolder(async ({ dir, open, collect, forget }) => {
      mkdirSync(join(dir, path, '..'), { recursive: true });
      writeFileSync(join(dir, path), '');
      open();
      assert.equal(collect(7), null);
      put(dir, 'a.json');
      assert.match(why(collect(0)).join(), /^a\.json: /);
      await forget();
      assert.deepEqual(readdirSync(dir), []);
    }));

test('what cannot be moved aside is refused by name, and the rest is taken', () =>
  withFolder(({ dir, collect }) => {
    mkdirSync(join(dir, '.taken', run('1'), '0', 'a.json', 'x'), { recursive: true });
    put(dir, 'a.json');
    put(dir, 'b.json');
    const [first, ...others] = why(collect(0));
    assert.match(first ?? '', /^a\.json: cannot rename to .*: EISDIR$/);
    assert.deepEqual(
      others.map((text) => text.split(':')[0]),
      ['a.json', 'b.json'],
    );
    assert.deepEqual(readdirSync(dir).sort(), ['.taken', 'a.json']);
  }));

test('a folder that cannot be made again is told of at every step', () =>
  withFolder(({ dir, collect }) => {
    rmSync(dir, { recursive: true });
    mkdirSync(`${dir}.not-a-folder/x`, { recursive: true });
    writeFileSync(dir, '');
    for (const sequence of [0, 1])
      assert.match(why(collect(sequence)).join(), /^: cannot rename to .*not-a-folder: EISDIR$/);
  }));

test('asked twice for a step, the same is told', () =>
  withFolder(({ dir, collect }) => {
    put(dir, 'a.json');
    assert.deepEqual(collect(0), collect(0));
  }));
