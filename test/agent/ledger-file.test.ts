import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { LedgerRecord } from '../../src/agent/ledger.ts';
import { keepUntilOf, LEDGER_FORMAT } from '../../src/agent/ledger.ts';
import { openLedger } from '../../src/agent/ledger-file.ts';
import type { Instant, RunId } from '../../src/core/model/brand.ts';
import { instant } from '../../src/core/model/brand.ts';
import { blockingDisk } from '../../src/disk/blocking-disk.ts';
import { openJournal } from '../../src/journal/journal.ts';
import { job, noon, result, run } from '../protocol/messages.ts';

const now = () => noon;
const received = { kind: 'received', payload: JSON.stringify(job()), at: noon } as const;
const intent = { kind: 'intent', run: run('1'), bootId: 'b', at: noon } as const;

test('what was appended is there after a restart, also after a torn tail', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'ledger-'));
  try {
    const first = await openLedger(dir, now);
    await first.append([received, intent]);
    await first.append([
      { kind: 'started', run: run('1'), task: { step: 0, element: 0 }, at: noon },
    ]);
    await first.close();
    const file = (await readdir(dir)).find((name) => name.startsWith('journal-'));
    await appendFile(join(dir, file ?? ''), '123 deadbeef {"kind":"exi');
    const second = await openLedger(dir, now);
    assert.equal(second.state.active?.history.length, 1);
    assert.equal(second.state.active.bootId, 'b');
    await second.append([{ kind: 'finished', result: result('1') }]);
    await second.close();
    const third = await openLedger(dir, now);
    assert.deepEqual([...third.state.spool.keys()], [run('1')]);
    assert.equal(third.state.active, null);
    await third.close();
  } finally {
    await rm(dir, { recursive: true });
  }
});

test('a ledger that has grown is compacted and stays the same ledger', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'ledger-'));
  try {
    const ledger = await openLedger(dir, now);
    await ledger.append([received, intent]);
    await ledger.append([{ kind: 'finished', result: result('1') }]);
    const keepUntil = noon;
    for (let batch = 0; batch < 21; batch++) {
      await ledger.append(
        Array.from(
          { length: 500 },
          (_, at) => ({ kind: 'revoked', run: run(`${batch}-${at}`), keepUntil }) as const,
        ),
      );
    }
    await ledger.compactIfDue();
    await ledger.close();
    const names = await readdir(dir);
    assert.ok(
      names.some((name) => name.startsWith('snapshot-')),
      names.join(' '),
    );
    const again = await openLedger(dir, now);
    assert.equal(again.state.ended.size, 10_501);
    assert.deepEqual(again.state.spool.get(run('1')), result('1'));
    assert.equal(again.state.fence.position, 10);
    await again.close();
  } finally {
    await rm(dir, { recursive: true });
  }
});

test('beyond 20,000 runs those go that ended first, if that was more than a day ago, from memory and disk', async () => {
  const { association, execution, generation, occasion } = job();
  const dir = await mkdtemp(join(tmpdir(), 'ledger-'));
  const ended = (count: number, finishedAt: Instant): LedgerRecord[] =>
    Array.from({ length: count }, (_, at) => {
      const of = { association, run: run(`${finishedAt}-${at}`), execution, generation, occasion };
      const last = { ...of, status: 'Success', detailedStatus: 'Success', finishedAt } as const;
      return { kind: 'ended', last, keepUntil: keepUntilOf(finishedAt) };
    });
  const daysAgo = (days: number) => instant(noon - days * 24 * 3_600_000);
  try {
    const ledger = await openLedger(dir, now);
    for (const at of [daysAgo(40), daysAgo(20), daysAgo(10), noon])
      await ledger.append(ended(12_000, at));
    await ledger.close();
    const again = await openLedger(dir, now);
    const kept = [...again.state.ended.keys()];
    assert.equal(kept.length, 20_000);
    assert.ok(again.state.ended.has(run(`${noon}-0`)));
    assert.ok(!again.state.ended.has(run(`${daysAgo(20)}-0`)));
    await again.compactIfDue();
    await again.close();
    const onDisk: RunId[] = [];
    const journal = await openJournal<LedgerRecord>({
      disk: blockingDisk,
      dir,
      format: LEDGER_FORMAT,
      onRecord: (record) => {
        if (record.kind === 'ended') onDisk.push(record.last.run);
      },
    });
    await journal.close();
    assert.deepEqual(onDisk, kept);
  } finally {
    await rm(dir, { recursive: true });
  }
});

test('a ledger of the program before this one is read; that program refuses ours and touches nothing', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'ledger-'));
  const before = { name: LEDGER_FORMAT.name, version: 1 };
  const openOld = () =>
    openJournal<LedgerRecord>({
      disk: blockingDisk,
      dir,
      format: before,
      onRecord: () => undefined,
    });
  try {
    const old = await openOld();
    await old.append([received, intent]);
    await old.append([{ kind: 'started', run: run('1'), task: { step: 0, element: 0 }, at: noon }]);
    await old.close();
    const ours = await openLedger(dir, now);
    assert.equal(ours.state.active?.history.length, 1);
    assert.equal(ours.state.active.foreseen, null);
    await ours.append([{ kind: 'foreseen', run: run('1'), task: { step: 1, element: 0 } }]);
    await ours.close();
    const names = await readdir(dir);
    await assert.rejects(openOld(), { code: 'STATE_NEWER' });
    assert.deepEqual(await readdir(dir), names);
    const again = await openLedger(dir, now);
    assert.deepEqual(again.state.active?.foreseen, {
      task: { step: 1, element: 0 },
      inDoubt: false,
    });
    await again.close();
  } finally {
    await rm(dir, { recursive: true });
  }
});
