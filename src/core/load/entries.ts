/** From the shape that may be written to what we work with, for the kinds that need no other file. */
import type { Desk } from '../document/desk.ts';
import type { SourceNode } from '../document/source.ts';
import { nodeId, parseInstant } from '../model/brand.ts';
import type { RepositorySettings } from '../model/catalog.ts';
import { present } from '../model/errors.ts';
import type { Activation, NodeFile, Tags } from '../model/node.ts';
import type {
  ActivationFile,
  DocumentMetadataFile,
  GroupFile,
  NodeFileContent,
  RepositoryFile,
} from '../model/schemas.gen.ts';
import { openZone } from '../schedule/zone.ts';
import { nearestZoneName } from '../schedule/zone-names.ts';
import { parseGroup } from '../selector/parse.ts';
import type { Group as GroupQuery } from '../selector/target.ts';
import { shown } from './misfits.ts';
import { nodeIdOfKey } from './node-key.ts';
import type { DocumentMetadata } from './parsed.ts';
import { spotAt } from './spots.ts';

/** Where one definition stands: its problems go to the desk. */
export type Reader = { readonly desk: Desk; readonly root: SourceNode; readonly path: string };

/** Null with at least one problem on the desk. */
export function readNode(reader: Reader, file: NodeFileContent): NodeFile | null {
  const { desk, root, path } = reader;
  const keyId = file.PublicKey === undefined ? null : nodeIdOfKey(file.PublicKey);
  const id = file.InstanceId ?? keyId;
  if (file.PublicKey !== undefined && keyId === null) {
    desk.error(
      'bad-format',
      spotAt(root, '/PublicKey'),
      'PublicKey is no Ed25519 key',
      'Copy the key, `ed25519:…`, that `reconciled agent register` prints.',
    );
    return null;
  }
  if (keyId !== null && id !== keyId) {
    desk.error(
      'node-id-mismatch',
      spotAt(root, '/InstanceId'),
      `InstanceId ${id} does not belong to this PublicKey`,
      `The key's id is ${keyId}.`,
    );
    return null;
  }
  const tags = readTags(reader, file.Tags);
  if (tags === null || id === null) return null;
  return {
    node: nodeId(id),
    name: file.Name ?? null,
    tags: file.Tags === undefined ? null : tags,
    publicKey: file.PublicKey ?? null,
    revoked: file.Revoked === true,
    file: path,
  };
}

export function readActivation(reader: Reader, file: ActivationFile): Activation | null {
  const { desk, root, path } = reader;
  const expiresAt = file.ExpirationDate === undefined ? null : parseInstant(file.ExpirationDate);
  if (file.ExpirationDate !== undefined && expiresAt === null) {
    desk.error(
      'bad-format',
      spotAt(root, '/ExpirationDate'),
      `ExpirationDate ${shown(file.ExpirationDate)} is no instant`,
      'Write a day that exists.',
    );
    return null;
  }
  if (expiresAt === null) {
    desk.warn(
      'activation-without-end',
      spotAt(root, ''),
      'this activation never expires',
      'Add an ExpirationDate.',
    );
  }
  const tags = readTags(reader, file.Tags);
  if (tags === null) return null;
  return {
    id: file.ActivationId,
    codeHash: file.ActivationCodeHash.slice('sha256:'.length),
    registrationLimit: file.RegistrationLimit ?? 1,
    expiresAt,
    defaultName: file.DefaultInstanceName ?? null,
    tags,
    file: path,
  };
}

/** AWS's list of Key and Value as a map; a repeated key is an error. */
export function readTags(
  { desk, root }: Pick<Reader, 'desk' | 'root'>,
  list: readonly { readonly Key: string; readonly Value: string }[] = [],
): Tags | null {
  const tags = new Map<string, string>();
  let valid = true;
  for (const [i, { Key, Value }] of list.entries()) {
    if (tags.has(Key)) {
      desk.error(
        'duplicate-tag',
        spotAt(root, `/Tags/${i}/Key`),
        `the tag ${shown(Key)} is given twice`,
        'Keep one of the two.',
      );
      valid = false;
    }
    tags.set(Key, Value);
  }
  return valid ? Object.fromEntries(tags) : null;
}

export function readGroup({ desk, root }: Reader, file: GroupFile): GroupQuery | null {
  const parsed = parseGroup(file.Name, file.Targets);
  if (parsed.ok) return parsed.value;
  for (const { code, message, hint, pointer } of parsed.error) {
    desk.error(code, spotAt(root, `/Targets${pointer}`), message, hint);
  }
  return null;
}

export function readMetadata(
  { desk, root }: Reader,
  file: DocumentMetadataFile,
): DocumentMetadata | null {
  const names = new Set<string>();
  let valid = true;
  for (const [i, { VersionName }] of (file.Versions ?? []).entries()) {
    if (names.has(VersionName)) {
      desk.error(
        'duplicate-name',
        spotAt(root, `/Versions/${i}/VersionName`),
        `the version name ${shown(VersionName)} is given twice`,
        'Choose another name.',
      );
      valid = false;
    }
    names.add(VersionName);
  }
  if (!valid) return null;
  return {
    defaultVersion: file.DefaultVersion === undefined ? null : Number(file.DefaultVersion),
    names: (file.Versions ?? []).map(({ DocumentVersion, VersionName }) => ({
      number: Number(DocumentVersion),
      name: VersionName,
    })),
  };
}

/** `file` has every default of the schema. */
export function readSettings(
  { desk, root }: Reader,
  file: RepositoryFile,
): RepositorySettings | null {
  const { defaults = {}, guards = {}, triggers = {} } = file;
  const timezone = filled(defaults.timezone);
  if (openZone(timezone) === null) {
    const near = nearestZoneName(timezone);
    desk.error(
      'schedule-timezone',
      spotAt(root, '/defaults/timezone'),
      `${shown(timezone)} is not an IANA time zone`,
      near === null ? '' : `Write ${near}.`,
    );
    return null;
  }
  return {
    defaults: {
      timezone,
      maxConcurrency: filled(defaults.maxConcurrency),
      maxErrors: filled(defaults.maxErrors),
    },
    strict: filled(file.strict),
    triggers: { parameterValues: filled(triggers.parameterValues) },
    guards: {
      maxRemovedAssociationsPercent: filled(guards.maxRemovedAssociationsPercent),
      minRemovedAssociations: filled(guards.minRemovedAssociations),
      maxRemovedNodesPercent: filled(guards.maxRemovedNodesPercent),
      minRemovedNodes: filled(guards.minRemovedNodes),
      maxAffectedNodes: guards.maxAffectedNodes ?? null,
    },
  };
}

/** The validator has filled the defaults in; they are written in the schema and nowhere else. */
function filled<Value>(value: Value | undefined): Value {
  return present(value, 'the schema gives a default');
}
