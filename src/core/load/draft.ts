/** An association's shape, before any other file is looked at. */
import { digestOf } from '../canonical/digest.ts';
import { nearest } from '../document/nearest.ts';
import { toJson } from '../document/source.ts';
import type { Json } from '../model/json.ts';
import { isJsonObject } from '../model/json.ts';
import type { AssociationFile } from '../model/schemas.gen.ts';
import { SHAPES } from '../model/schemas.gen.ts';
import type { Misfit } from '../model/validators.gen.ts';
import { validateAssociation } from '../model/validators.gen.ts';
import type { Reader } from './entries.ts';
import { readTags } from './entries.ts';
import { unsafeName } from './kinds.ts';
import { PROBLEMS_PER_FILE_MAX } from './limits.ts';
import { shown } from './misfits.ts';
import type { AssociationDraft, Remains } from './parsed.ts';
import { placesOf, spotAt } from './spots.ts';

/** `definition` fits the schema and has its defaults. What else is wrong stands on the desk, and refuses the file. */
export function readDraft(reader: Reader, definition: AssociationFile): AssociationDraft {
  // The validator has filled defaults into `definition`; what was written is in the tree still.
  const written = toJson(reader.root);
  judgeAlone(reader, definition);
  return draftOf(reader, definition, written);
}

function judgeAlone(reader: Reader, { AssociationName, Tags }: AssociationFile): void {
  const { desk, root } = reader;
  readTags(reader, Tags);
  const wrong = unsafeName(AssociationName);
  if (wrong === null) return;
  desk.error(
    'unsafe-name',
    spotAt(root, '/AssociationName'),
    `AssociationName ${shown(AssociationName)} ${wrong}`,
    'Choose another name.',
  );
}

/**
 * The association without the keys that do not fit, and with lists that are too long cut, so that the rest is judged too and
 * every problem is told at once. Null when nothing that can be judged remains.
 */
export function remainsOf(reader: Reader, misfits: readonly Misfit[]): Remains | null {
  const written = toJson(reader.root);
  if (!isJsonObject(written) || misfits.length > PROBLEMS_PER_FILE_MAX) return null;
  const left = [...new Set(misfits.flatMap(leftFor))];
  if (left.includes('/Name')) return null;
  const rest = structuredClone(written) as Changeable;
  for (const misfit of misfits) if (misfit.keyword === 'maxItems') shorten(rest, misfit);
  for (const pointer of left) remove(rest, pointer);
  const hasName = rest['AssociationName'] !== undefined;
  rest['AssociationName'] ??= 'without-a-name';
  if (!validateAssociation(rest)) return null;
  const definition = rest as unknown as AssociationFile;
  judgeAlone(reader, hasName ? definition : { ...definition, AssociationName: 'without-a-name' });
  return { draft: draftOf(reader, definition, written), left };
}

type Changeable = { [key: string]: Json };

/** The keys that go: of `Reconciled` one by one, elsewhere whole. An unknown key stands for the one that was meant. */
function leftFor({ instancePath, params, keyword }: Misfit): readonly string[] {
  if (keyword === 'maxItems') return [];
  const [, top, second] = instancePath.split('/');
  const isOwn = top === 'Reconciled';
  if (isOwn && second !== undefined) return [`/${top}/${second}`];
  if (top !== undefined && !(isOwn && keyword !== 'type')) return [`/${top}`];
  const [above, shape] = isOwn ? ['/Reconciled/', '#/properties/Reconciled'] : ['/', '#'];
  const unknown = params['additionalProperty'];
  if (typeof unknown !== 'string') return [`${above}${String(params['missingProperty'] ?? '')}`];
  const meant = nearest(unknown, SHAPES.association[shape]?.keys ?? []);
  return [unknown, ...(meant === null ? [] : [meant])].map((key) => `${above}${key}`);
}

function shorten(rest: Changeable, { instancePath, params }: Misfit): void {
  const { above, key } = within(rest, instancePath);
  const list = above[key];
  if (Array.isArray(list)) above[key] = list.slice(0, Number(params['limit']));
}

function remove(rest: Changeable, pointer: string): void {
  const { above, key } = within(rest, pointer);
  delete above[key];
}

/** The map or list that holds what `pointer` names. */
function within(
  rest: Changeable,
  pointer: string,
): { readonly above: Changeable; readonly key: string } {
  const segments = pointer.split('/').slice(1);
  const key = segments.pop() ?? '';
  let above: Changeable = rest;
  for (const segment of segments) {
    const inner = above[segment];
    if (typeof inner !== 'object' || inner === null) return { above: {}, key };
    above = inner as Changeable;
  }
  return { above, key };
}

function draftOf(reader: Reader, definition: AssociationFile, written: Json): AssociationDraft {
  return {
    definition,
    written: isJsonObject(written) ? Object.keys(written) : [],
    digest: digestOf(written),
    places: placesOf(reader),
  };
}
