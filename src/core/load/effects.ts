import { oncePer } from '../document/once-per.ts';
import type { Json } from '../model/json.ts';
import { isJsonObject } from '../model/json.ts';
import type { InputKind } from '../model/schemas.gen.ts';
import { SHAPES } from '../model/schemas.gen.ts';
import type { Reader } from './entries.ts';
import { nameOf } from './misfits.ts';
import { keySpotAt, spotAt } from './spots.ts';

/**
 * Fields whose effect is not built yet are errors. Those that mean something to AWS only, and those of whose effect a part
 * is missing, are warnings: kept, named, never silently without effect.
 */
export function reportEffects({ desk, root }: Reader, kind: InputKind, value: Json): void {
  const shapes = SHAPES[kind];
  const marked = mapsWithMarks(shapes);
  const visit = (inner: Json, pointer: string, path: string): void => {
    if (!marked.has(path) || !isJsonObject(inner)) return;
    for (const [key, field] of Object.entries(inner)) {
      const shape = shapes[`${path}/properties/${key}`];
      if (shape === undefined) continue;
      const at = `${pointer}/${key}`;
      if (shape.effect === 'not-built-yet') {
        desk.error(
          'not-built-yet',
          keySpotAt(root, pointer, key),
          `${nameOf(at)} is not built yet`,
          'Remove it for now; ignoring it would run something else than you wrote.',
        );
      } else if (shape.effect === 'none') {
        desk.warn(
          'not-effective',
          keySpotAt(root, pointer, key),
          `${nameOf(at)} has no effect here`,
          shape.description,
        );
      } else if (shape.effect === 'kept') {
        desk.warn(
          'not-effective',
          keySpotAt(root, pointer, key),
          `${nameOf(at)}: ${shape.missing ?? ''}`,
          'It may stay: it is a part of the definition.',
        );
      } else if (typeof field === 'string' && shape.notBuiltValues?.includes(field) === true) {
        desk.error(
          'not-built-yet',
          spotAt(root, at),
          `${nameOf(at)}: ${field} is not built yet`,
          'Remove it for now; ignoring it would run something else than you wrote.',
        );
      } else visit(field, at, `${path}/properties/${key}`);
    }
  };
  visit(value, '', '#');
}

/** Maps with something to tell in them, however deep: most kinds have none, and then nothing is walked through. */
const mapsWithMarks = oncePer((shapes: (typeof SHAPES)[InputKind]): ReadonlySet<string> => {
  const marked = new Set<string>();
  for (const [path, { effect, notBuiltValues }] of Object.entries(shapes)) {
    if (effect === undefined && notBuiltValues === undefined) continue;
    for (let at = path.lastIndexOf(STEP); at !== -1; at = path.lastIndexOf(STEP, at - 1))
      marked.add(path.slice(0, at));
  }
  return marked;
});

const STEP = '/properties/';
