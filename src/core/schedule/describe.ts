import { formatInstant } from '../model/brand.ts';
import type { Schedule } from './schedule.ts';

const MINUTE_MS = 60_000;
const units = [
  { name: 'day', ms: 1440 * MINUTE_MS },
  { name: 'hour', ms: 60 * MINUTE_MS },
  { name: 'minute', ms: MINUTE_MS },
];

/** For reports: `every 30 minutes`, `cron(0 2 ? * SUN *) in Europe/Berlin`, `once at 2026-01-31T12:00:00Z`. */
export function describeSchedule(schedule: Schedule): string {
  switch (schedule.kind) {
    case 'rate':
      return `every ${describeInterval(schedule.intervalMs)}`;
    case 'cron': {
      const offset =
        schedule.offsetDays === 0 ? '' : ` plus ${countOf(schedule.offsetDays, 'day')}`;
      return `${schedule.text}${offset} in ${schedule.timezone}`;
    }
    case 'at':
      return `once at ${formatInstant(schedule.at)}`;
  }
}

function describeInterval(intervalMs: number): string {
  const unit = units.find(({ ms }) => intervalMs % ms === 0);
  if (unit === undefined) return `${intervalMs} ms`;
  const count = intervalMs / unit.ms;
  return count === 1 ? unit.name : countOf(count, unit.name);
}

function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
