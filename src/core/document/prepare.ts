import type { Document } from '../model/document.ts';
import type { JsonObject } from '../model/json.ts';
import type { Preparation, RunContext } from './prepared.ts';

/**
 * The steps of `document` on a node, in order, with parameters and Parameter Store references in place.
 * `parameters` are typed values as `typeParameters` gave them; what is missing takes its default.
 * @throws never: a document that cannot run is `ok: false` with the text the node reports.
 * @see spec/documents.md §2.3, §3.3
 */
export function prepareRun(
  document: Document,
  parameters: JsonObject,
  context: RunContext,
): Preparation {
  void document;
  void parameters;
  void context;
  return { ok: false, message: '' };
}
