/** The versions of an association in the shape of `AssociationVersionInfo`, newest first, and back. */
import type { AssociationName } from '../model/brand.ts';
import { formatInstant, isCommitId } from '../model/brand.ts';
import type { JsonObject } from '../model/json.ts';
import type { AssociationVersion } from '../model/state.ts';
import { VERSIONS_MAX, versionChanges } from '../model/state.ts';
import { parseObject } from './parse-object.ts';
import { associationStatusPath } from './paths.ts';
import { idIn, instantIn, objectsIn, textIn } from './read-fields.ts';

export const versionFields = (versions: readonly AssociationVersion[]) =>
  versions.toReversed().map((each) => ({
    AssociationVersion: String(each.version),
    CreatedDate: formatInstant(each.at),
    Revision: each.revision,
    Changed: each.changed,
    Name: each.document,
    ...(each.documentVersion === null ? {} : { DocumentVersion: String(each.documentVersion) }),
    ...(each.scheduleExpression === null ? {} : { ScheduleExpression: each.scheduleExpression }),
  }));

/** From `status.json`, oldest first: history that nothing is decided by, so what cannot be read is left out. */
export function readVersions(
  texts: { read(path: string): string | null },
  name: AssociationName,
): readonly AssociationVersion[] {
  const file = parseObject(texts.read(associationStatusPath(name)) ?? '');
  if (file === null) return [];
  return objectsIn(file, 'Versions')
    .slice(0, VERSIONS_MAX)
    .flatMap((line) => readVersion(line) ?? [])
    .reverse();
}

function readVersion(line: JsonObject): AssociationVersion | null {
  const version = countIn(line, 'AssociationVersion');
  const at = instantIn(line, 'CreatedDate');
  const revision = idIn(line, 'Revision', isCommitId);
  if (version === null || at === null || revision === null) return null;
  const written = line['Changed'];
  return {
    version,
    at,
    revision,
    changed: versionChanges.filter((word) => Array.isArray(written) && written.includes(word)),
    document: textIn(line, 'Name') ?? '',
    documentVersion: countIn(line, 'DocumentVersion'),
    scheduleExpression: textIn(line, 'ScheduleExpression'),
  };
}

function countIn(line: JsonObject, key: string): number | null {
  const text = textIn(line, key) ?? '';
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : null;
}
