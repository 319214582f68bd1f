/** How large a document becomes with its values in place: each use of a value is a copy of it. */
import type { Document, Step } from '../model/document.ts';
import type { Json, JsonObject } from '../model/json.ts';
import { isJsonObject } from '../model/json.ts';
import { oncePer } from './once-per.ts';
import { tokenNames } from './substitute.ts';
import { textOf } from './text.ts';

/**
 * 64 times what a document may have, eight times what a job may carry. Without a bound, 64 KiB of tokens make gigabytes of
 * one long value, wherever the document is looked at.
 */
export const GROWN_CHARS_MAX = 4 * 1024 * 1024;

export type Growth = {
  /** The parameter whose value makes most of it. */
  readonly parameter: string;
  readonly message: string;
};

type Steps = readonly Pick<Step, 'inputs' | 'precondition'>[];

/** Null when it stays within its bound. Nothing is put in place for it. */
export function overgrowth(
  { steps }: { readonly steps: Steps },
  values: JsonObject,
): Growth | null {
  return growthOf(steps, (name) => ownOf(values, name));
}

/** With what is supplied and, for the rest, with defaults. */
export function overgrowthOf(
  { steps, parameters }: Pick<Document, 'parameters'> & { readonly steps: Steps },
  given: JsonObject,
): Growth | null {
  return growthOf(steps, (name) => {
    const supplied = ownOf(given, name);
    if (supplied !== undefined) return supplied;
    const definition = parameters.get(name);
    return definition === undefined ? undefined : (definition.default ?? null);
  });
}

const ownOf = (values: JsonObject, name: string): Json | undefined =>
  Object.hasOwn(values, name) ? values[name] : undefined;

/** `valueOf` is undefined for a token that stays as it is. */
function growthOf(steps: Steps, valueOf: (name: string) => Json | undefined): Growth | null {
  let charsInAll = 0;
  let most = { name: '', chars: 0 };
  for (const [name, times] of usesIn(steps)) {
    const value = valueOf(name);
    if (value === undefined) continue;
    const chars = times * textOf(value).length;
    charsInAll += chars;
    if (chars > most.chars) most = { name, chars };
  }
  if (charsInAll <= GROWN_CHARS_MAX) return null;
  const { name } = most;
  const message = `with its values in place the document has more than ${GROWN_CHARS_MAX} characters, most of them of parameter ${name}`;
  return { parameter: name, message };
}

/** How often each name stands as a token. */
const usesIn = oncePer((steps: Steps): ReadonlyMap<string, number> => {
  const uses = new Map<string, number>();
  const count = (text: string): void => {
    for (const name of tokenNames(text)) uses.set(name, (uses.get(name) ?? 0) + 1);
  };
  for (const { inputs, precondition } of steps) {
    forEachText(inputs, count);
    for (const operands of Object.values(precondition ?? {})) operands.forEach(count);
  }
  return uses;
});

function forEachText(value: Json, see: (text: string) => void): void {
  if (typeof value === 'string') see(value);
  else if (Array.isArray(value))
    for (const item of value as readonly Json[]) forEachText(item, see);
  else if (isJsonObject(value)) for (const item of Object.values(value)) forEachText(item, see);
}
