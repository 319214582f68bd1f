import { blobId } from '../model/brand.ts';
import type { RepositorySettings } from '../model/catalog.ts';
import { invariant } from '../model/errors.ts';
import { parseFile } from './parse-file.ts';

/** What a repository without `reconciled.yaml` says: the defaults of the schema. */
export const defaultSettings: RepositorySettings = readDefaults();

function readDefaults(): RepositorySettings {
  const { content } = parseFile(
    { path: 'reconciled.yaml', blob: blobId('0'.repeat(40)), bytes: new Uint8Array() },
    { builtActions: null },
  );
  invariant(content?.kind === 'settings', 'an empty reconciled.yaml has every default');
  return content.settings;
}
