import { digestOf } from '../canonical/digest.ts';
import { SCRIPT_ACTIONS } from '../document/actions.ts';
import { includesOf } from '../document/includes.ts';
import { inputOf, scriptTimeoutSeconds } from '../document/inputs.ts';
import { effectiveParameters, typeParameters } from '../document/parameters.ts';
import { wholeToken } from '../document/substitute.ts';
import type { Association } from '../model/association.ts';
import { ID_PARAMETER, reportsForItself } from '../model/association.ts';
import type { AssociationName } from '../model/brand.ts';
import type { Catalog } from '../model/catalog.ts';
import type { AssociationDigests, Definition } from '../model/definition.ts';
import type { CatalogDocument, Document } from '../model/document.ts';
import { invariant, present } from '../model/errors.ts';
import type { Json, JsonObject } from '../model/json.ts';
import { documentNamed, versionOf } from './families.ts';
import type { Workings } from './readings.ts';
import { definitionOn } from './readings.ts';
import { findParameter, storeOf } from './store.ts';
import type { Executed } from './store-use.ts';
import { executedOf, storeUse } from './store-use.ts';

/** Every association in force, resolved: what the world is handed beside the catalog. */
export function definitionsOf(catalog: Catalog): ReadonlyMap<AssociationName, Definition> {
  return new Map(
    [...catalog.associations.values()].map((association) => [
      association.name,
      definitionOn(catalog, association, (workings) =>
        workings === null
          ? effectiveDefinition(association, catalog)
          : definitionFrom(workings, association, catalog),
      ),
    ]),
  );
}

/**
 * What a run of `association` executes in the revision of `catalog`, in which it is in force: `loadCatalog` has checked
 * everything that could fail here.
 */
export function effectiveDefinition(
  association: Association,
  catalog: Pick<Catalog, 'documents' | 'parameters' | 'groups'>,
): Definition {
  const found = documentOf(association, catalog);
  const { document } = found;
  const typed = typeParameters(document, association.parameters);
  // The id depends on the instance, which no revision knows; it never changes, so a generation does without.
  const own = reportsForItself(association) ? { [ID_PARAMETER]: '' } : {};
  const effective = effectiveParameters(document, { ...typed.values, ...own });
  invariant(effective.ok, 'an association in force has every parameter');
  const parameters = effective.value;
  const included = includesOf(document, parameters, {
    find: (reference) => documentNamed(catalog.documents, reference),
    store: storeOf(catalog.parameters),
  }).found.map((one) => ({
    ...one,
    document: present(one.document, 'an association in force has every document it includes'),
  }));
  const executed = [
    { document, parameters },
    ...included.flatMap(({ document: { document: inner }, runs }) => executedOf(inner, runs)),
  ];
  const parameterStore = storeValues(executed, catalog);
  return {
    association,
    document: found,
    documentNumber: found.number,
    parameters,
    parameterStore,
    includes: included.map(({ reference, document: inner }) => ({ reference, document: inner })),
    digests: digestsOf(
      association,
      document,
      { parameters, parameterStore, includes: included },
      catalog,
    ),
    timeoutBudgetMs:
      association.timeoutMs ??
      included.reduce(
        (sum, { document: { document: inner }, runs }) =>
          runs.reduce((longer, each) => longer + sumOfTimeouts(inner, each), sum),
        sumOfTimeouts(document, parameters),
      ),
  };
}

function definitionFrom(
  workings: Workings,
  association: Association,
  catalog: Pick<Catalog, 'documents'>,
): Definition {
  const document = documentOf(association, catalog);
  return { association, document, documentNumber: document.number, includes: [], ...workings };
}

function documentOf(
  association: Association,
  { documents }: Pick<Catalog, 'documents'>,
): CatalogDocument {
  const family = present(
    documents.get(association.document),
    'an association in force has its document',
  );
  return present(
    versionOf(family, association.documentVersion),
    'an association in force has its document version',
  );
}

/** Of a SecureString the ciphertext: its digest is in the generation, so encrypting the same value again is a change. */
function storeValues(
  executed: readonly Executed[],
  { parameters: entries }: Pick<Catalog, 'parameters'>,
): Definition['parameterStore'] {
  const found: { [reference: string]: Definition['parameterStore'][string] } = {};
  for (const reference of storeUse(executed))
    found[reference] = present(findParameter(entries, reference), 'references were checked');
  return found;
}

function digestsOf(
  association: Association,
  document: Document,
  {
    parameters: values,
    parameterStore,
    includes,
  }: Pick<Definition, 'parameters' | 'parameterStore' | 'includes'>,
  { groups }: Pick<Catalog, 'groups'>,
): AssociationDigests {
  const { schedule, applyOnlyAtCronInterval, targets, outputLocation } = association;
  const parameters = digestOf({ parameters: values, parameterStore });
  const output = digestOf(outputLocation);
  const withIncludes =
    includes.length === 0
      ? document.digest
      : digestOf([
          document.digest,
          includes.map((one) => [one.reference, one.document.document.digest]),
        ]);
  return {
    generation: digestOf({ document: withIncludes, parameters, output }),
    document: withIncludes,
    parameters,
    written: digestOf(values),
    output,
    schedule: digestOf({ schedule, applyOnlyAtCronInterval }),
    // A group's query is part of whom the association is for.
    targets: digestOf({
      targets,
      groups: targets.flatMap((target) =>
        target.kind === 'group' ? [groups.get(target.name)?.targets ?? []] : [],
      ),
    }),
    whole: association.digest,
  };
}

const SECOND_MS = 1_000;

/** The longest that all steps together may take, one after the other. */
function sumOfTimeouts(document: Document, parameters: JsonObject): number {
  let seconds = 0;
  for (const { action, inputs } of document.steps) {
    const elements = Array.isArray(inputs) ? (inputs as readonly Json[]) : [inputs];
    for (const element of elements) seconds += timeoutSeconds(action, element, parameters);
  }
  return seconds * SECOND_MS;
}

/** Steps that are no scripts have no time-out of their own; the default of scripts stands for them. */
function timeoutSeconds(action: string, inputs: Json, parameters: JsonObject): number {
  if (!SCRIPT_ACTIONS.has(action)) return scriptTimeoutSeconds(undefined);
  const written = inputOf(inputs, 'timeoutSeconds');
  const name = typeof written === 'string' ? wholeToken(written) : null;
  return scriptTimeoutSeconds(name === null ? written : parameters[name]);
}
