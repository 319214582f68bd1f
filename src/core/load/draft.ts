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

/** `definition` fits the schema and has its defaults. Null with a problem on the desk. */
export function readDraft(reader: Reader, definition: AssociationFile): AssociationDraft | null {
  const { desk, root } = reader;
  // The validator has filled defaults into `definition`; what was written is in the tree still.
  const written = toJson(root);
  const wrong = unsafeName(definition.AssociationName);
  if (wrong !== null) {
    desk.error(
      'unsafe-name',
      spotAt(root, '/AssociationName'),
      `AssociationName ${shown(definition.AssociationName)} ${wrong}`,
      'Choose another name.',
    );
    return null;
  }
  if (readTags(reader, definition.Tags) === null) return null;
  return draftOf(reader, definition, written);
}

/**
 * The association without the keys that do not fit, so that the rest is judged too and every problem is told at once.
 * Null when nothing that can be judged remains.
 */
export function remainsOf(reader: Reader, misfits: readonly Misfit[]): Remains | null {
  const written = toJson(reader.root);
  if (!isJsonObject(written) || misfits.length > PROBLEMS_PER_FILE_MAX) return null;
  const left = new Set(misfits.flatMap(topKeysOf));
  if (left.has('Name')) return null;
  const rest: { [key: string]: Json } = {};
  for (const [key, value] of Object.entries(structuredClone(written)))
    if (!left.has(key)) rest[key] = value;
  rest['AssociationName'] ??= 'without-a-name';
  if (!validateAssociation(rest)) return null;
  return { draft: draftOf(reader, rest as unknown as AssociationFile, written), left: [...left] };
}

/** The key that does not fit, and the one that was meant by an unknown one: nothing is missing that was mistyped. */
function topKeysOf({ instancePath, params }: Misfit): readonly string[] {
  const [, inside] = instancePath.split('/');
  if (inside !== undefined) return [inside];
  const unknown = params['additionalProperty'];
  if (typeof unknown !== 'string') return [String(params['missingProperty'] ?? '')];
  const meant = nearest(unknown, SHAPES.association['#']?.keys ?? []);
  return meant === null ? [unknown] : [unknown, meant];
}

function draftOf(reader: Reader, definition: AssociationFile, written: Json): AssociationDraft {
  return {
    definition,
    written: isJsonObject(written) ? Object.keys(written) : [],
    digest: digestOf(written),
    places: placesOf(reader),
  };
}
