/** How large a document becomes with its values in place: each use of a value is a copy of it. */
import type { Document, ParameterDefinition, Step } from '../model/document.ts';
import type { Json, JsonObject } from '../model/json.ts';
import { isJsonObject } from '../model/json.ts';
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

/** Null when it stays within its bound. Nothing is put in place for it. */
export function overgrowth(
  { steps }: { readonly steps: readonly Pick<Step, 'inputs' | 'precondition'>[] },
  values: JsonObject,
): Growth | null {
  const uses = new Map<string, number>();
  const count = (text: string): void => {
    for (const name of tokenNames(text))
      if (Object.hasOwn(values, name)) uses.set(name, (uses.get(name) ?? 0) + 1);
  };
  for (const { inputs, precondition } of steps) {
    forEachText(inputs, count);
    for (const operands of Object.values(precondition ?? {})) operands.forEach(count);
  }
  const grown = Array.from(uses, ([name, times]) => ({
    name,
    chars: times * textOf(values[name] ?? null).length,
  }));
  if (grown.reduce((sum, { chars }) => sum + chars, 0) <= GROWN_CHARS_MAX) return null;
  const { name } = grown.reduce((most, each) => (each.chars > most.chars ? each : most));
  const message = `with its values in place the document has more than ${GROWN_CHARS_MAX} characters, most of them of parameter ${name}`;
  return { parameter: name, message };
}

/** With what is supplied and, for the rest, with defaults. */
export function overgrowthOf(
  document: Pick<Document, 'steps' | 'parameters'>,
  given: JsonObject,
): Growth | null {
  return overgrowth(document, { ...defaultsOf(document.parameters), ...given });
}

function defaultsOf(definitions: ReadonlyMap<string, ParameterDefinition>): JsonObject {
  return Object.fromEntries(
    Array.from(definitions.values(), ({ name, default: value }) => [name, value ?? null] as const),
  );
}

function forEachText(value: Json, see: (text: string) => void): void {
  if (typeof value === 'string') see(value);
  else if (Array.isArray(value))
    for (const item of value as readonly Json[]) forEachText(item, see);
  else if (isJsonObject(value)) for (const item of Object.values(value)) forEachText(item, see);
}
