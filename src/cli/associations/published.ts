/** Associations and their versions as a status branch tells them: read without a daemon. */
import { nearest } from '../../core/document/nearest.ts';
import type { AssociationName } from '../../core/model/brand.ts';
import { isAssociationName } from '../../core/model/brand.ts';
import { ReconcileError } from '../../core/model/errors.ts';
import type { Json } from '../../core/model/json.ts';
import type {
  AssociationsAnswer,
  AssociationVersionsAnswer,
} from '../../core/model/schemas.gen.ts';
import { readAssociation, versionsJson } from '../../core/report/association-json.ts';
import { parseObject } from '../../core/report/parse-object.ts';
import { associationStatusPath } from '../../core/report/paths.ts';
import { readVersions } from '../../core/report/versions-json.ts';
import type { StatusFiles } from '../../io/status/read-status.ts';
import type { Call, Flag } from '../command.ts';
import { openStatus } from '../open-status.ts';

export const PUBLISHED_FLAGS: readonly Flag[] = [
  { syntax: '--status <ref-or-dir>', about: 'from this status branch, without a daemon' },
  { syntax: '--repo <dir>', about: 'the clone; its usual status branch unless --status' },
];

/** Null: the daemon is to be asked. @throws ReconcileError NO_STATUS, REVISION_UNKNOWN, … (retry `never`) */
export async function openPublished(call: Call): Promise<StatusFiles | null> {
  const asked = call.given('status');
  const repo = call.given('repo');
  if (asked === null && repo === null) return null;
  const files = await openStatus(repo ?? '.', asked);
  if (files !== null) return files;
  const message = `no status branch reconciled/status or origin/reconciled/status in ${repo ?? '.'}; fetch it, or name it with --status`;
  throw new ReconcileError('NO_STATUS', message, { retry: 'never' });
}

export async function associationsIn(files: StatusFiles): Promise<AssociationsAnswer> {
  const associations: AssociationsAnswer['associations'] = [];
  for (const name of await namesIn(files)) {
    const answer = readAssociation(await textOf(files, name), name);
    if (answer !== null) associations.push(answer);
  }
  return { associations };
}

/** @throws ReconcileError UNKNOWN_ASSOCIATION */
export async function versionsIn(
  files: StatusFiles,
  wanted: string,
): Promise<AssociationVersionsAnswer> {
  const name = await nameIn(files, wanted);
  const text = await textOf(files, name);
  return versionsJson(name, readVersions({ read: () => text }, name));
}

/** Its `status.json`. @throws ReconcileError UNKNOWN_ASSOCIATION, STATUS_UNREADABLE */
export async function descriptionIn(files: StatusFiles, wanted: string): Promise<Json> {
  const name = await nameIn(files, wanted);
  const file = parseObject(await textOf(files, name));
  if (file !== null) return file;
  const message = `${associationStatusPath(name)} is not as the daemon writes it`;
  throw new ReconcileError('STATUS_UNREADABLE', message, { retry: 'never' });
}

async function nameIn(files: StatusFiles, wanted: string): Promise<AssociationName> {
  const names = await namesIn(files);
  const name = names.find((each) => each === wanted);
  if (name !== undefined) return name;
  const near = nearest(wanted, names);
  const hint = near === null ? '' : `; nearest is ${near}`;
  const message = `no association ${wanted} is in force in this status${hint}`;
  throw new ReconcileError('UNKNOWN_ASSOCIATION', message, { retry: 'never' });
}

async function namesIn(files: StatusFiles): Promise<readonly AssociationName[]> {
  const names = (await files.list('associations')).flatMap((path) => {
    const [, name = '', file, more] = path.split('/');
    return file === 'status.json' && more === undefined && isAssociationName(name) ? [name] : [];
  });
  return names.toSorted();
}

async function textOf(files: StatusFiles, name: AssociationName): Promise<string> {
  return Buffer.from((await files.read(associationStatusPath(name))) ?? []).toString();
}
