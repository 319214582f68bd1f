import { ReconcileError } from '../../core/model/errors.ts';

/** What `git` itself never writes into a tree: whoever sends it means harm. */
const HOSTILE_NAME = /[\x00/]|^\.{0,2}$|^\.git$|^git~\d+$/i;
/** What Git allows and nobody could write down or read aloud; U+FFFD stands where a name was not UTF-8. */
const ODD_NAME = /[\x01-\x1f\x7f\\\ufffd]/;

/** A name in a tree that is not ours to read, and may be odd. @throws ReconcileError TREE_UNSAFE (retry `next-pass`) */
export function checkForeignName(name: string): void {
  if (HOSTILE_NAME.test(name)) throw unsafe(name);
}

/**
 * A name of ours. The same of a tree and of a folder on disk, so that `validate` refuses before the merge what the daemon
 * refuses after it.
 * @throws ReconcileError TREE_UNSAFE (retry `next-pass`: a commit repairs it)
 */
export function checkName(name: string, prefix: string): string {
  if (HOSTILE_NAME.test(name) || ODD_NAME.test(name)) throw unsafe(prefix + name);
  return name;
}

function unsafe(name: string): ReconcileError {
  return new ReconcileError(
    'TREE_UNSAFE',
    `the tree holds a name that no file may have: ${JSON.stringify(name).slice(0, 120)}; remove it with a commit`,
    { retry: 'next-pass' },
  );
}
