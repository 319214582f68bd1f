import { invariant } from '../core/model/errors.ts';
import { layoutVersion } from './control.ts';
import { corrupt, newer } from './errors.ts';

/** What the records of a journal are and which revision of their shape this program writes. */
export type JournalFormat<R> = {
  /** Kept in every file, so that one journal is never read as another. */
  readonly name: string;
  readonly version: number;
  /** A record of an earlier version in today's shape; required as soon as there has been an earlier version. */
  readonly upgrade?: (record: unknown, version: number) => R;
  /**
   * A record that may outgrow a line, as JSON of one or more lines, each a record by itself: replayed one after another they say
   * what it says. They are appended as one batch, so all of them survive or none.
   */
  textsOf?(record: R): Iterable<string>;
};

/** @throws ReconcileError STATE_NEWER, JOURNAL_CORRUPT when the file is not ours to read */
export function checkFormat(
  file: string,
  header: { readonly layout: number; readonly format: string; readonly version: number },
  format: JournalFormat<unknown>,
): void {
  if (header.layout > layoutVersion) {
    throw newer(file, `layout ${header.layout}`, `${layoutVersion}`);
  }
  if (header.format !== format.name) {
    throw corrupt(file, 0, `it holds "${header.format}", not "${format.name}"`);
  }
  if (header.version > format.version) {
    throw newer(file, `${format.name} ${header.version}`, `${format.version}`);
  }
  if (header.version < format.version && format.upgrade === undefined) {
    throw corrupt(file, 0, `nothing reads ${format.name} ${header.version} any more`);
  }
}

/** What is written of a record: one line, unless its format knows better. */
export function recordTexts<R>(record: R, format: JournalFormat<R>): Iterable<string> {
  return format.textsOf?.(record) ?? [toJson(record)];
}

function toJson(record: unknown): string {
  const text = JSON.stringify(record) as string | undefined;
  invariant(text !== undefined, 'a record is a JSON value');
  return text;
}

/** The record in a line that a program of this version of the format wrote. */
export function readRecord<R>(payload: string, version: number, format: JournalFormat<R>): R {
  const value: unknown = JSON.parse(payload);
  if (version < format.version && format.upgrade !== undefined) {
    return format.upgrade(value, version);
  }
  // The checksum vouches for what we wrote ourselves, and the version for its shape.
  return value as R;
}
