/** The version of a document that an association means. */
import { nearest } from '../document/nearest.ts';
import { isDocumentName } from '../model/brand.ts';
import type { DocumentFamily } from '../model/catalog.ts';
import type { CatalogDocument } from '../model/document.ts';
import type { Desk, Need, Surroundings } from './desk.ts';
import { parseDocumentVersion, versionOf } from './families.ts';
import { shown } from './misfits.ts';
import type { AssociationDraft } from './parsed.ts';

export function readDocument(
  { definition }: AssociationDraft,
  desk: Desk,
  around: Surroundings,
): CatalogDocument | null {
  const { Name } = definition;
  const family = around.documents.get(Name);
  const need: Need = { kind: 'document', name: Name };
  if (family === undefined) {
    desk.blame(need);
    if (around.isHidden(need)) desk.refuse();
    else
      desk.error(
        'unknown-document',
        '/Name',
        `Document does not exist: ${shown(Name)} is neither in documents/ nor preconfigured`,
        unknownDocumentHint(Name, around),
      );
    return null;
  }
  const text = definition.DocumentVersion ?? '$DEFAULT';
  const found = versionOf(family, parseDocumentVersion(text));
  if (found === null) {
    desk.blame(need);
    unknownVersion(text, Name, family, desk);
  }
  return found;
}

export function unknownDocumentHint(name: string, around: Surroundings): string {
  if (!isDocumentName(name)) {
    const [, own = ''] = /^arn:[^:]*:ssm:[^:]*:[^:]*:document\/(.+)$/.exec(name) ?? [];
    return around.documents.has(own)
      ? `Documents have no account and no Region here: write Name: ${own}.`
      : 'Documents of other accounts do not exist here: copy it into documents/ and name that.';
  }
  const near = nearest(name, around.documents.keys());
  return near === null ? `Add documents/${name}.yaml.` : `Did you mean "${near}"?`;
}

function unknownVersion(text: string, name: string, family: DocumentFamily, desk: Desk): void {
  if (family.default.origin === 'library') {
    desk.error(
      'unknown-document-version',
      '/DocumentVersion',
      `Document version can not be used with Amazon document ${shown(name)}`,
      'Leave DocumentVersion out.',
    );
    return;
  }
  const numbers = family.versions.flatMap(({ number }) =>
    number === null ? [] : [String(number)],
  );
  const known = [...numbers, ...family.byVersionName.keys()];
  if (numbers.length === 0) {
    desk.error(
      'unknown-document-version',
      '/DocumentVersion',
      `document ${shown(name)} is a single file and has no version ${shown(text)} to pin`,
      `Move it to documents/${name}/1.yaml to give it numbers, or leave DocumentVersion out.`,
    );
    return;
  }
  const near = nearest(text, known);
  const newest = numbers.at(-1) ?? '';
  desk.error(
    'unknown-document-version',
    '/DocumentVersion',
    `Document version: ${text} is invalid, latest version is ${newest}`,
    near === null ? `There are ${known.join(', ')}.` : `Did you mean "${near}"?`,
  );
}
