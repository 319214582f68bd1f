import { INCLUDES_BYTES_MAX, INCLUDES_MAX, includesOf } from '../document/includes.ts';
import { effectiveParameters } from '../document/parameters.ts';
import { INCLUDE_DEPTH_MAX } from '../document/run-document.ts';
import { REFERENCES_MAX, writtenReferences } from '../document/store.ts';
import type { CatalogDocument } from '../model/document.ts';
import type { JsonObject } from '../model/json.ts';
import type { Desk, Need, Surroundings } from './desk.ts';
import { unknownDocumentHint } from './document-of.ts';
import { documentNamed, nameInReference } from './families.ts';
import { shown } from './misfits.ts';
import { checkSecure } from './secure-references.ts';
import { nameIn, storeOf } from './store.ts';
import { executedOf, storeUse } from './store-use.ts';

/** Documents that the document names, with these parameters, and what those refer to. */
export function checkIncludes(
  desk: Desk,
  { name, document }: CatalogDocument,
  values: JsonObject,
  around: Surroundings,
): void {
  const effective = effectiveParameters(document, values);
  if (!effective.ok) return;
  const store = storeOf(around.parameters);
  const find = (reference: string): CatalogDocument | null =>
    documentNamed(around.documents, reference);
  const { found, tooMany, tooDeep, unfit } = includesOf(document, effective.value, { find, store });
  const bytes = found.reduce(
    (sum, one) => sum + JSON.stringify(one.document?.document.content ?? '').length,
    0,
  );
  if (tooMany || bytes > INCLUDES_BYTES_MAX) {
    desk.blame({ kind: 'document', name });
    desk.error(
      'too-many-includes',
      '/Name',
      `document ${shown(name)} includes more than ${INCLUDES_MAX} documents or ${INCLUDES_BYTES_MAX} bytes of them`,
      'Run some of them through associations of their own.',
    );
    return;
  }
  if (tooDeep !== null) {
    desk.warnAtKey(
      'includes-too-deep',
      '/Name',
      `document ${shown(name)} comes to run ${shown(tooDeep)} more than ${INCLUDE_DEPTH_MAX} documents deep, and that step fails on every node`,
      'Run it from a document nearer to this one, or through an association of its own.',
    );
  }
  if (unfit !== null) {
    desk.warnAtKey(
      'includes-unfit',
      '/Name',
      `document ${shown(name)} runs ${shown(unfit.reference)} with parameters that it cannot take, and that step fails on every node: ${unfit.why}`,
      'Correct its documentParameters, or what it hands on.',
    );
  }
  for (const { reference, document: inner, runs } of found) {
    const need: Need = { kind: 'document', name: nameInReference(reference) };
    desk.need(need);
    if (inner === null) {
      desk.blame(need);
      desk.blame({ kind: 'document', name });
      if (around.isHidden(need)) desk.refuse();
      else
        desk.error(
          'unknown-document',
          '/Name',
          `document ${shown(name)} includes ${shown(reference)}, which is neither in documents/ nor preconfigured`,
          unknownDocumentHint(need.name, around),
        );
      continue;
    }
    checkSecure(desk, inner, { runs, supplied: {} }, around);
    const references = writtenReferences(inner.document.content);
    const missing = references.filter((one) => store(one) === null);
    for (const one of missing) {
      desk.blame({ kind: 'parameter', name: nameIn(one) });
      desk.blame(need);
      desk.error(
        'unknown-parameter',
        '/Name',
        `{{ssm:${one}}} in document ${shown(reference)} is not in parameters/`,
        `Add a parameter with Name: ${nameIn(one)}.`,
      );
    }
    for (const one of references) desk.need({ kind: 'parameter', name: nameIn(one) });
  }
  const { size } = storeUse([
    { document, parameters: effective.value },
    ...found.flatMap(({ document: inner, runs }) =>
      inner === null ? [] : executedOf(inner.document, runs),
    ),
  ]);
  if (size <= REFERENCES_MAX) return;
  desk.blame({ kind: 'document', name });
  desk.error(
    'too-many-references',
    '/Name',
    `document ${shown(name)} refers to ${size} parameters of the store; a job carries ${REFERENCES_MAX}`,
    'Put some of them together in one parameter, or run parts through associations of their own.',
  );
}
