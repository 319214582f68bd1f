import type { Catalog } from '../model/catalog.ts';
import type { Problem } from '../model/problem.ts';

/** What `validate --format json` prints (contract §8; schemas/problems.schema.json). */
export type Validation = {
  /** No errors; warnings do not count. */
  readonly valid: boolean;
  readonly counts: {
    readonly files: number;
    readonly associations: number;
    readonly documents: number;
    readonly nodes: number;
    readonly activations: number;
    readonly groups: number;
    readonly parameters: number;
    readonly calendars: number;
  };
  readonly problems: readonly Problem[];
};

/** Counts what is in force: a preconfigured document counts when it is in the repository only. */
export function validationOf(catalog: Catalog): Validation {
  const own = [...catalog.documents.values()].filter(
    (family) => family.default.origin === 'repository',
  );
  return {
    valid: !catalog.problems.some(({ severity }) => severity === 'error'),
    counts: {
      files: catalog.files.size,
      associations: catalog.associations.size,
      documents: own.length,
      nodes: catalog.nodes.size,
      activations: catalog.activations.size,
      groups: catalog.groups.size,
      parameters: catalog.parameters.size,
      calendars: catalog.calendars.size,
    },
    problems: catalog.problems,
  };
}
