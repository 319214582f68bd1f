/** RRULE texts, read for tests. */
import assert from 'node:assert/strict';
import { openCalendarDesk } from '../../../src/core/calendar/component.ts';
import { contentLines } from '../../../src/core/calendar/content-lines.ts';
import { readRule } from '../../../src/core/calendar/read-rule.ts';
import { readLocal } from '../../../src/core/calendar/read-time.ts';
import type { RecurrenceRule } from '../../../src/core/model/calendar.ts';

/** The clock reading of a text such as `20260101T093000`. */
export const local = (text: string): number => readLocal(text) ?? assert.fail(`no time: ${text}`);

export function ruleOf(text: string, start: string): RecurrenceRule {
  const [{ line } = { line: null }] = contentLines(`RRULE:${text}`);
  assert.ok(line);
  const desk = openCalendarDesk('x.ics');
  const time = { time: { local: local(start), zone: null }, isDate: false };
  const rule = readRule(line, time, desk);
  assert.deepEqual(desk.problems, []);
  return rule ?? assert.fail('no rule');
}
