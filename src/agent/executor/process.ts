import { readFileSync } from 'node:fs';
import { systemCode } from '../../disk/errors.ts';

/**
 * When a process started, in the kernel's ticks since boot: with the pid it names a process for the length of a boot, as
 * pids are used again. Null when there is none, or only a dead one that nobody has waited for.
 */
export function processStart(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name in parentheses may hold anything; field 22 is the 20th after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null);
  } catch (cause) {
    const code = systemCode(cause);
    if (code === 'ENOENT' || code === 'ESRCH') return null;
    throw cause;
  }
}

/** SIGKILL to everything in the group; an empty group is fine. */
export function killGroup(pgid: number): void {
  try {
    process.kill(-pgid, 'SIGKILL');
  } catch (cause) {
    if (systemCode(cause) !== 'ESRCH') throw cause;
  }
}
