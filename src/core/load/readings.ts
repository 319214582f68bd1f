/**
 * What the associations of a file were read as, while nothing has changed that an association may refer to: a commit that
 * edits one of a thousand reads that one. Only what is right is remembered, so a mistake is found anew each time.
 */
import { sha256Hex } from '../canonical/digest.ts';
import type { Association } from '../model/association.ts';
import type { Catalog } from '../model/catalog.ts';
import type { Definition } from '../model/definition.ts';
import type { CatalogDocument } from '../model/document.ts';
import type { Reading } from './desk.ts';
import type { FileContent, ParsedFile } from './parsed.ts';

/** The readings of a file's associations, in their order, and the ground that they were read on. */
export type Readings = { readonly ground: string; readonly readings: readonly Reading[] };

const known = new WeakMap<ParsedFile, Readings>();

export const readingsOf = (file: ParsedFile): Readings | null => known.get(file) ?? null;

export function rememberReadings(file: ParsedFile, readings: Readings): void {
  known.set(file, readings);
}

/** The remembered ones, else those that `read` gives, which are remembered where they may be. */
export function readingsOn(
  ground: string | null,
  file: ParsedFile,
  read: () => readonly Reading[],
): readonly Reading[] {
  const before = known.get(file);
  if (before !== undefined && before.ground === ground) return before.readings;
  const readings = read();
  if (ground !== null && isAlone(file) && readings.every(isRight))
    known.set(file, { ground, readings });
  return readings;
}

/**
 * Everything that the reading of an association depends on beside itself: paths and contents of all files but those of
 * associations and nodes, and the preconfigured documents. Null: something may be hidden in a file that cannot be read.
 */
export function groundOf(
  files: readonly ParsedFile[],
  library: ReadonlyMap<string, CatalogDocument>,
  hidesNothing: boolean,
): string | null {
  if (!hidesNothing) return null;
  const lines = [...library.values()].map(({ name, document }) => `${name}\0${document.digest}\n`);
  for (const { path, blob, content } of files) {
    if (content !== null && STANDS_ON[content.kind]) lines.push(`${path}\0${blob}\n`);
  }
  return sha256Hex(lines.join(''));
}

const STANDS_ON: { readonly [kind in FileContent['kind']]: boolean } = {
  settings: true,
  ignore: false,
  associations: false,
  document: true,
  'document-metadata': true,
  nodes: false,
  activations: false,
  groups: true,
  parameters: true,
  calendar: true,
};

/** It names no other association, so no other matters. */
const isAlone = ({ content }: ParsedFile): boolean =>
  content?.kind === 'associations' &&
  content.drafts.every(({ definition }) => definition.Reconciled?.DependsOn === undefined);

const isRight = ({ association, problems }: Reading): boolean =>
  association !== null && problems.length === 0;

/** What definitions were made on: the same association on the same ground has the same. */
const grounds = new WeakMap<Catalog, string>();
const made = new WeakMap<
  Association,
  { readonly ground: string; readonly definition: Definition }
>();

/** What a definition is beside what it names in its catalog; that of one with includes is never kept. */
export type Workings = Pick<
  Definition,
  'parameters' | 'parameterStore' | 'digests' | 'timeoutBudgetMs'
>;

const kept = new WeakMap<Association, { readonly ground: string; readonly workings: Workings }>();

export function rememberGround(catalog: Catalog, ground: string | null): void {
  if (ground !== null) grounds.set(catalog, ground);
}

/** Of an association that was read on `ground`; null: not known, or more than that. */
export function workingsOf(association: Association, ground: string): Workings | null {
  const before = made.get(association);
  if (before === undefined) {
    const workings = kept.get(association);
    return workings?.ground === ground ? workings.workings : null;
  }
  const { parameters, parameterStore, digests, timeoutBudgetMs, includes } = before.definition;
  if (before.ground !== ground || includes.length > 0) return null;
  return { parameters, parameterStore, digests, timeoutBudgetMs };
}

export function rememberWorkings(
  association: Association,
  ground: string,
  workings: Workings,
): void {
  kept.set(association, { ground, workings });
}

/** The remembered one, else the one that `make` gives, from workings where they are known. */
export function definitionOn(
  catalog: Catalog,
  association: Association,
  make: (workings: Workings | null) => Definition,
): Definition {
  const ground = grounds.get(catalog);
  if (ground === undefined) return make(null);
  const before = made.get(association);
  if (before?.ground === ground) return before.definition;
  const definition = make(workingsOf(association, ground));
  made.set(association, { ground, definition });
  return definition;
}
