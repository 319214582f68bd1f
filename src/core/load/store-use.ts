/** What of the Parameter Store a run takes along: the references that documents meet with these parameters. */
import { overgrowth } from '../document/growth.ts';
import { effectiveParameters } from '../document/parameters.ts';
import { secureUse } from '../document/secure.ts';
import { referencesMet } from '../document/store.ts';
import type { Document } from '../model/document.ts';
import type { JsonObject } from '../model/json.ts';

export type Executed = { readonly document: Document; readonly parameters: JsonObject };

export function storeUse(executed: readonly Executed[]): ReadonlySet<string> {
  return new Set(
    executed.flatMap(({ document, parameters }) => [
      ...referencesMet(document, parameters),
      ...secureUse(document, parameters).needed,
    ]),
  );
}

/** A document that another one includes: as often as it is run, or as it stands when it is only downloaded. */
export const executedOf = (document: Document, runs: readonly JsonObject[]): readonly Executed[] =>
  (runs.length === 0 ? [{}] : runs).map((given) => ({
    document,
    parameters: withDefaults(document, given),
  }));

function withDefaults(document: Document, given: JsonObject): JsonObject {
  const effective = effectiveParameters(document, given);
  if (effective.ok) return effective.value;
  // What is too much is put in place by nobody: that step fails on the node.
  return overgrowth(document, given) === null ? given : {};
}
