/**
 * The door for compliance items: a folder in which scripts leave texts in the shape of `PutComplianceItems`, one per file.
 * When a step has ended, what lies there is moved aside, so that it belongs to this step and to no other even if the agent
 * dies now, and read from there. `*.json` only: a script writes under another name and renames. Whatever else is met here is refused
 * in words and ends no agent: scripts can do anything to the folder.
 */
import {
  closeSync,
  existsSync,
  fstatSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { PUT_TEXT_MAX, PUTS_PER_STEP_MAX, parsePut } from '../../core/document/put-compliance.ts';
import type { NodeId } from '../../core/model/brand.ts';
import { isNodeId } from '../../core/model/brand.ts';
import type {
  CompliancePut,
  ComplianceReport,
  PutRefusal,
  RefusedPut,
} from '../../core/model/compliance.ts';
import { diskError, isDiskError, isSystemError } from '../../disk/errors.ts';
import { openRegularFile } from '../../disk/regular-file.ts';
import {
  makeScratchDir,
  moveScratchDir,
  removeScratchDir,
  removeScratchTree,
} from '../../disk/scratch.ts';
import type { Mask } from '../../secrets/mask.ts';
import type { TaskOrder } from '../ports.ts';
import { namesIn } from './run-folder.ts';

export type DropFolder = {
  /** Moves aside what has been left since the last step; before another one begins. */
  take(order: Pick<TaskOrder, 'run' | 'sequence'>): DroppedPuts;
  /** The run is over and its report is durable. */
  forget(): Promise<void>;
};

/** What a step has left, the same again for the same step. */
export type DroppedPuts = {
  /** Masked. Null: nothing. */
  report(mask: Pick<Mask, 'text'> | null): ComplianceReport | null;
};

/** Folders below it begin with a dot, so a script's `*` does not see them. */
const TAKEN = '.taken';
const NAME_MAX = 100;

/** Null where nobody is asked: a document that is run by hand, a node without an id. */
export function openDropFolder(dir: string | null, node: string): DropFolder | null {
  if (dir === null || !isNodeId(node)) return null;
  // If it cannot be, the first step hears of it.
  makeFolder(dir);
  const taken = join(dir, TAKEN);
  /** Asking a folder that is not there costs more than all else when nobody reports, as after most steps. */
  let anyTaken = existsSync(taken);
  return {
    take({ run, sequence }) {
      const aside = join(taken, run, String(sequence));
      const stuck: Stuck[] = [];
      const found = namesOrNull(dir);
      const why = found === null ? makeFolder(dir) : null;
      if (why !== null) stuck.push({ name: '', why });
      const left = putsAmong(found ?? []);
      if (left.length > 0 && isOurs(dir)) {
        anyTaken = true;
        stuck.push(...moveAside(left, dir, [taken, join(taken, run), aside]));
      }
      const isForeign = left.length > 0 && !isOurs(dir);
      const names = anyTaken ? putsAmong(namesIn(aside)) : [];
      return {
        report(mask) {
          const puts: CompliancePut[] = [];
          const masked = (text: string): string => mask?.text(text) ?? text;
          const refused = stuck.map(({ name, why }) => refusal(NO_CONTENT, masked(name), why));
          if (isForeign) refused.push(refusal('InvalidResourceId', '', FOREIGN_FOLDER));
          for (const name of names)
            read(readText(join(aside, name), masked), masked(name), node, puts, refused);
          return puts.length + refused.length === 0 ? null : { puts, refused };
        },
      };
    },
    forget: async () => {
      if (!anyTaken) return;
      try {
        await removeScratchDir(taken);
        anyTaken = false;
      } catch (cause) {
        // A mount in it, say. Tried again after the next run; nothing of this one is read again.
        if (!isDiskError(cause)) throw cause;
      }
    },
  };
}

/** What could not be taken, or '' for all of it, and why. */
type Stuck = { readonly name: string; readonly why: string };

const NO_CONTENT = 'InvalidItemContentException';
const FOREIGN_FOLDER =
  'the folder is not of the user that runs the agent, or others may write to it';

/** In the order of their names; more than a step may leave wait for the next. */
const putsAmong = (names: readonly string[]): readonly string[] =>
  names
    .filter((name) => name.endsWith('.json') && !name.startsWith('.'))
    .sort()
    .slice(0, PUTS_PER_STEP_MAX);

function namesOrNull(dir: string): readonly string[] | null {
  try {
    return readdirSync(dir);
  } catch (cause) {
    if (isSystemError(cause)) return null;
    throw cause;
  }
}

/** With what stands in its place and is no folder moved aside. Null, or why there is none. */
function makeFolder(dir: string): string | null {
  return whyNot(() => {
    if (isInTheWay(dir)) moveScratchDir(dir, `${dir}.not-a-folder`);
    makeScratchDir(dir);
  });
}

/** True also for a link that leads nowhere. */
const isInTheWay = (path: string): boolean =>
  lstatSync(path, { throwIfNoEntry: false }) !== undefined && !isFolder(path);

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (cause) {
    if (isSystemError(cause)) return false;
    throw cause;
  }
}

/** `folders`: ours, from the outermost to the one where they go; a script may have put files in their place. */
function moveAside(
  names: readonly string[],
  dir: string,
  folders: readonly [string, string, string],
): readonly Stuck[] {
  const aside = folders[2];
  const why = whyNot(() => {
    for (const folder of folders) if (isInTheWay(folder)) removeScratchTree(folder);
    makeScratchDir(aside);
  });
  if (why !== null) return [{ name: '', why }];
  return names.flatMap((name) => {
    const why = whyNot(() => moveScratchDir(join(dir, name), join(aside, name)));
    return why === null ? [] : [{ name, why }];
  });
}

function whyNot(work: () => void): string | null {
  try {
    work();
    return null;
  } catch (cause) {
    const error = isSystemError(cause) ? diskError('look at', 'the folder', cause) : cause;
    if (isDiskError(error)) return error.message;
    throw error;
  }
}

/** What others can write to would speak for the node with root's voice. */
function isOurs(dir: string): boolean {
  const found = lstatSync(dir, { throwIfNoEntry: false });
  return found?.uid === process.getuid?.() && ((found?.mode ?? 0) & 0o022) === 0;
}

function read(
  text: ReturnType<typeof readText>,
  name: string,
  node: NodeId,
  puts: CompliancePut[],
  refused: RefusedPut[],
): void {
  if (typeof text !== 'string') {
    refused.push(refusal(text.code, name, text.why));
    return;
  }
  const put = parsePut(text, node);
  if (put.ok) puts.push(put.value);
  else refused.push(refusal(put.error.code, name, put.error.why));
}

const refusal = (code: PutRefusal, file: string, why: string): RefusedPut => ({
  code,
  file: file.slice(0, NAME_MAX),
  why,
});

/** Links and devices are no reports: what they lead to was not left for us. */
function readText(
  path: string,
  masked: (text: string) => string,
): string | Pick<RefusedPut, 'code' | 'why'> {
  const opened = openRegularFile(path);
  if ('why' in opened) return { code: NO_CONTENT, why: `it ${opened.why}` };
  try {
    if (fstatSync(opened.handle).size > PUT_TEXT_MAX) {
      return { code: 'TotalSizeLimitExceededException', why: `larger than ${PUT_TEXT_MAX} bytes` };
    }
    return masked(readFileSync(opened.handle, 'utf8'));
  } catch (cause) {
    if (!isSystemError(cause)) throw cause;
    return { code: NO_CONTENT, why: `it cannot be read (${cause.message})` };
  } finally {
    closeSync(opened.handle);
  }
}
