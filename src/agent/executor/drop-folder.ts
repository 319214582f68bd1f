/**
 * The door for compliance items: a folder in which scripts leave texts in the shape of `PutComplianceItems`, one per file.
 * When a step has ended, what lies there is moved aside, so that it belongs to this step and to no other even if the agent
 * dies now, and read from there. `*.json` only: a script writes under another name and renames.
 */
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
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
import { systemCode } from '../../disk/errors.ts';
import { makeScratchDir, moveScratchDir, removeScratchDir } from '../../disk/scratch.ts';
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
  makeScratchDir(dir);
  const taken = join(dir, TAKEN);
  /** Asking a folder that is not there costs more than all else when nobody reports, as after most steps. */
  let anyTaken = existsSync(taken);
  return {
    take({ run, sequence }) {
      const aside = join(taken, run, String(sequence));
      const found = namesOfPuts(dir);
      const refused: RefusedPut[] = [];
      if (found.length > 0) {
        const mine = isOurs(dir) ? found : [];
        if (mine.length === 0) refused.push(refusal('InvalidResourceId', '', FOREIGN_FOLDER));
        else {
          makeScratchDir(aside);
          anyTaken = true;
        }
        for (const name of mine) moveScratchDir(join(dir, name), join(aside, name));
      }
      const names = anyTaken ? namesOfPuts(aside) : [];
      return {
        report(mask) {
          const puts: CompliancePut[] = [];
          const masked = (text: string): string => mask?.text(text) ?? text;
          for (const name of names)
            read(readRegularFile(join(aside, name), masked), masked(name), node, puts, refused);
          return puts.length + refused.length === 0 ? null : { puts, refused };
        },
      };
    },
    forget: async () => {
      if (!anyTaken) return;
      anyTaken = false;
      await removeScratchDir(taken);
    },
  };
}

const FOREIGN_FOLDER =
  'the folder is not of the user that runs the agent, or others may write to it';

/** In the order of their names; more than a step may leave wait for the next. */
function namesOfPuts(dir: string): readonly string[] {
  return namesIn(dir)
    .filter((name) => name.endsWith('.json') && !name.startsWith('.'))
    .sort()
    .slice(0, PUTS_PER_STEP_MAX);
}

/** What others can write to would speak for the node with root's voice. */
function isOurs(dir: string): boolean {
  const { uid, mode } = lstatSync(dir);
  return uid === process.getuid?.() && (mode & 0o022) === 0;
}

function read(
  text: ReturnType<typeof readRegularFile>,
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
function readRegularFile(
  path: string,
  masked: (text: string) => string,
): string | Pick<RefusedPut, 'code' | 'why'> {
  let handle: number;
  try {
    handle = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    if (systemCode(cause) === null) throw cause;
    return { code: 'InvalidItemContentException', why: 'it cannot be opened as a file' };
  }
  try {
    const stat = fstatSync(handle);
    if (!stat.isFile()) return { code: 'InvalidItemContentException', why: 'it is no file' };
    if (stat.size > PUT_TEXT_MAX) {
      return { code: 'TotalSizeLimitExceededException', why: `larger than ${PUT_TEXT_MAX} bytes` };
    }
    return masked(readFileSync(handle, 'utf8'));
  } finally {
    closeSync(handle);
  }
}
