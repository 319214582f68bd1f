import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instant } from '../../../src/core/model/brand.ts';
import { changesOf, judge, TEXTS, ZONES } from './decade.ts';

const HOUR = 3_600_000;

/** Zone by zone, each change with the next of the texts, so that each text meets many changes. */
for (const [i, timezone] of ZONES.entries()) {
  test(`a decade of changes in ${timezone}: slots are those that a walk over all minutes finds`, (t) => {
    let slots = 0;
    const changes = changesOf(timezone);
    for (const [k, at] of [...changes, instant(Date.UTC(2016, 1, 29))].entries()) {
      const text = TEXTS[(i + k) % TEXTS.length] ?? '';
      slots += judge(timezone, text, instant(at - 15 * HOUR), instant(at + 15 * HOUR));
    }
    assert.ok(slots > 0);
    t.diagnostic(`${changes.length} changes, ${slots} slots`);
  });
}
