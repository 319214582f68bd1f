/**
 * Associations and their versions as commands print them (`schemas/associations.schema.json`, `association-versions`): from
 * memory, or from `status.json` of the status branch, which somebody may have edited.
 */
import { associationId } from '../canonical/identity.ts';
import type { AssociationName } from '../model/brand.ts';
import { formatInstant, isCommitId } from '../model/brand.ts';
import type { Definition } from '../model/definition.ts';
import type { JsonObject } from '../model/json.ts';
import type {
  AssociationAnswer,
  AssociationVersionAnswer,
  AssociationVersionsAnswer,
} from '../model/schemas.gen.ts';
import type { AssociationStanding } from '../model/standing.ts';
import type { AssociationState, AssociationVersion } from '../model/state.ts';
import { parseObject } from './parse-object.ts';
import { idIn, numberIn, objectIn, textIn } from './read-fields.ts';

export type AssociationFacts = {
  readonly instance: string | null;
  readonly association: AssociationState;
  readonly standing: AssociationStanding;
  /** Absent while no revision is loaded. */
  readonly definition: Definition | undefined;
  readonly validity: AssociationAnswer['validity'];
};

export function associationJson(facts: AssociationFacts): AssociationAnswer {
  const { instance, association, standing, definition } = facts;
  const number = definition?.documentNumber ?? null;
  return {
    association: association.name,
    associationId: instance === null ? null : associationId(instance, association.name),
    associationVersion: String(association.version),
    document: definition?.association.document ?? null,
    documentVersion: number === null ? null : String(number),
    scheduleExpression: definition?.association.schedule?.text ?? null,
    status: standing.status,
    detailedStatus: standing.detailedStatus,
    statuses: { ...standing.counts },
    targets: standing.targets,
    validity: facts.validity,
    revision: association.commit,
    file: association.file,
  };
}

/** Null: this is no `associations/<name>/status.json`. */
export function readAssociation(text: string, name: AssociationName): AssociationAnswer | null {
  const file = parseObject(text);
  const overview = file === null ? null : objectIn(file, 'Overview');
  if (file === null || overview === null) return null;
  const version = textIn(file, 'AssociationVersion');
  const revision = idIn(file, 'Revision', isCommitId);
  const status = textIn(overview, 'Status');
  if (version === null || revision === null || status === null) return null;
  return {
    association: name,
    associationId: textIn(file, 'AssociationId'),
    associationVersion: version,
    document: textIn(file, 'Name'),
    documentVersion: textIn(file, 'DocumentVersion'),
    scheduleExpression: textIn(file, 'ScheduleExpression'),
    status,
    detailedStatus: textIn(overview, 'DetailedStatus') ?? status,
    statuses: readCounts(objectIn(overview, 'AssociationStatusAggregatedCount') ?? {}),
    targets: numberIn(file, 'TargetCount') ?? 0,
    validity: textIn(file, 'Validity') === 'Invalid' ? 'Invalid' : 'Valid',
    revision,
    file: textIn(file, 'File') ?? '',
  };
}

function readCounts(counts: JsonObject): AssociationAnswer['statuses'] {
  const known: { [status: string]: number } = {};
  for (const status of Object.keys(counts)) {
    const count = numberIn(counts, status);
    if (count !== null) known[status] = count;
  }
  return known;
}

/** `versions` oldest first, as they are kept. */
export const versionsJson = (
  association: AssociationName,
  versions: readonly AssociationVersion[],
): AssociationVersionsAnswer => ({
  association,
  versions: versions.toReversed().map(versionJson),
});

const versionJson = (version: AssociationVersion): AssociationVersionAnswer => ({
  associationVersion: String(version.version),
  createdDate: formatInstant(version.at),
  revision: version.revision,
  changed: [...version.changed],
  document: version.document,
  documentVersion: version.documentVersion === null ? null : String(version.documentVersion),
  scheduleExpression: version.scheduleExpression,
});
