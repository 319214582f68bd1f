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
  const visit = (inner: Json, pointer: string, path: string): void => {
    if (!isJsonObject(inner)) return;
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
