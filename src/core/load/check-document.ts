/** Whether a document takes what an association gives it. */
import { nearest } from '../document/nearest.ts';
import { typeParameters } from '../document/parameters.ts';
import { storeReferences, writtenReferences } from '../document/store.ts';
import { ID_PARAMETER } from '../model/association.ts';
import type { CatalogDocument } from '../model/document.ts';
import { checkIncludes } from './check-includes.ts';
import type { Desk, Need, Surroundings } from './desk.ts';
import type { AssociationDraft } from './parsed.ts';
import { checkSecure } from './secure-references.ts';
import { findParameter, nameIn, storeOf } from './store.ts';

export function checkAgainstDocument(
  draft: AssociationDraft,
  desk: Desk,
  found: CatalogDocument,
  around: Surroundings,
): void {
  const { definition } = draft;
  const { document } = found;
  const ofDocument: Need = { kind: 'document', name: found.name };
  if (definition.InstanceId !== undefined && document.schemaVersion !== '1.2') {
    desk.blame(ofDocument);
    desk.errorAtKey(
      'legacy-instance-id',
      '/InstanceId',
      `InstanceId does not go with a document of schemaVersion ${document.schemaVersion}`,
      `Write Targets: [{Key: InstanceIds, Values: [${definition.InstanceId}]}].`,
    );
  }
  if (definition.SyncCompliance === 'MANUAL' && !document.parameters.has(ID_PARAMETER)) {
    desk.blame(ofDocument);
    desk.error(
      'parameter-undeclared',
      '/SyncCompliance',
      'Parameter "AssociationId" is not defined in the document.',
      'A document that reports compliance itself declares it; otherwise write SyncCompliance: AUTO.',
    );
  }
  const supplied = definition.Parameters ?? {};
  const store = storeOf(around.parameters);
  const references = [
    ...new Set([
      ...writtenReferences(document.content),
      ...storeReferences(Object.values(supplied)),
    ]),
  ];
  const missing = references.filter((reference) => store(reference) === null);
  for (const reference of references) desk.need({ kind: 'parameter', name: nameIn(reference) });
  // Judged as resolved only when everything can be; what is missing is said once.
  const typed = typeParameters(document, supplied, missing.length === 0 ? { store } : {});
  if (typed.problems.length > 0) {
    desk.blame(ofDocument);
    for (const reference of references) desk.blame({ kind: 'parameter', name: nameIn(reference) });
  }
  const isManual = definition.SyncCompliance === 'MANUAL';
  for (const { code, parameter, message, hint } of typed.problems) {
    // The daemon fills it in.
    if (isManual && code === 'parameter-missing' && parameter === ID_PARAMETER) continue;
    const pointer = Object.hasOwn(supplied, parameter)
      ? `/Parameters/${parameter}`
      : draft.written.includes('Parameters')
        ? '/Parameters'
        : '';
    const report = code === 'parameter-undeclared' ? desk.errorAtKey : desk.error;
    report(code, pointer, message, hint);
  }
  for (const reference of missing) {
    const need: Need = { kind: 'parameter', name: nameIn(reference) };
    desk.blame(need);
    desk.blame(ofDocument);
    if (around.isHidden(need)) desk.refuse();
    else {
      const entry = Object.entries(supplied).find(([, texts]) =>
        storeReferences(texts).includes(reference),
      );
      const near = nearest(need.name, around.parameters.keys());
      const isVersion = findParameter(around.parameters, need.name) !== null;
      desk.error(
        'unknown-parameter',
        entry === undefined ? '/Name' : `/Parameters/${entry[0]}`,
        `{{ssm:${reference}}} is not in parameters/`,
        isVersion
          ? 'The parameter has another version and other labels.'
          : near === null
            ? `Add a parameter with Name: ${need.name}.`
            : `Did you mean "${near}"?`,
      );
    }
  }
  if (desk.refused()) return;
  checkSecure(desk, found, { runs: [typed.values], supplied }, around);
  checkIncludes(desk, found, typed.values, around);
}
