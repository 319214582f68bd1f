/** Real scripts leave real files: each belongs to the step that left it, and to no other. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { run } from '../../protocol/messages.ts';
import { withBench } from './bench.ts';

const left = (type: string, of = ''): string =>
  `cat >"$RECONCILED_ROOT/compliance/new.tmp" <<'X'
{"ResourceId":"'"$AWS_SSM_INSTANCE_ID"'","ResourceType":"ManagedInstance","ComplianceType":"${type}",
 "ExecutionSummary":{"ExecutionTime":"2026-01-31T12:00:00Z"},
 "Items":[{"Id":"a","Severity":"HIGH","Status":"NON_COMPLIANT"${of}}]}
X
sed -i "s/'\\"\\$AWS_SSM_INSTANCE_ID\\"'/$AWS_SSM_INSTANCE_ID/" "$RECONCILED_ROOT/compliance/new.tmp"
mv "$RECONCILED_ROOT/compliance/new.tmp" "$RECONCILED_ROOT/compliance/${type.replace(':', '-')}.json"`;

test('what a step leaves is its own; a step that leaves nothing has none', async () => {
  await withBench(async (bench) => {
    const first = await bench.perform(0, left('Custom:One'));
    assert.deepEqual(
      first.compliance?.puts.map(({ complianceType, counts }) => [
        complianceType,
        counts.NON_COMPLIANT.HIGH,
      ]),
      [['Custom:One', 1]],
    );
    assert.equal((await bench.perform(1, 'true')).compliance, undefined);
    const third = await bench.perform(2, [left('Custom:Two'), 'exit 3']);
    assert.equal(third.exitCode, 3);
    assert.equal(
      third.compliance?.puts[0]?.complianceType,
      'Custom:Two',
      'a failed step reports, too',
    );
    bench.executor.release(run('1'));
  });
});

test('an agent that dies after the step finds the same files again, for the same step', async () => {
  await withBench(async (bench, again) => {
    const order = bench.order(0, { runCommand: [left('Custom:One')] });
    bench.executor.start(order);
    const before = (await bench.next('task-ended')).outcome;
    await bench.leave();
    const second = again();
    second.executor.adopt(order, { rebooted: false });
    const after = (await second.next('task-ended')).outcome;
    assert.deepEqual(after.compliance, before.compliance);
    second.executor.release(run('1'));
    for (let n = 0; existsSync(join(bench.dir, 'compliance', '.taken')) && n < 100; n++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.deepEqual(
      readdirSync(join(bench.dir, 'compliance')),
      [],
      'nothing is left for another run',
    );
  });
});

test('what is wrong is refused by name, and what is no file is not followed', async () => {
  await withBench(async (bench) => {
    const dir = join(bench.dir, 'compliance');
    writeFileSync(join(bench.dir, 'secret'), '{}');
    symlinkSync(join(bench.dir, 'secret'), join(dir, 'a-link.json'));
    mkdirSync(join(dir, 'b-folder.json'));
    writeFileSync(join(dir, 'c-broken.json'), '{');
    writeFileSync(join(dir, 'unfinished.tmp'), '{');
    const { compliance } = await bench.perform(0, left('Custom:One', ',"Detials":{}'));
    assert.deepEqual(compliance?.puts, []);
    assert.deepEqual(
      compliance.refused.map(({ code, file }) => [code, file]),
      [
        ['InvalidItemContentException', 'Custom-One.json'],
        ['InvalidItemContentException', 'a-link.json'],
        ['InvalidItemContentException', 'b-folder.json'],
        ['InvalidItemContentException', 'c-broken.json'],
      ],
    );
    assert.deepEqual(
      readdirSync(dir).filter((name) => !name.startsWith('.')),
      ['unfinished.tmp'],
    );
  });
});

test('a folder that others may write to does not speak for the node', async () => {
  await withBench(async (bench) => {
    chmodSync(join(bench.dir, 'compliance'), 0o777);
    const { compliance } = await bench.perform(0, left('Custom:One'));
    assert.deepEqual([compliance?.puts, compliance?.refused[0]?.code], [[], 'InvalidResourceId']);
  });
});
