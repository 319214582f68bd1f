/** Document files put together: names, numbers, versions. */

import { splitDocumentReference } from '../document/document-name.ts';
import type { DocumentVersion } from '../model/association.ts';
import type { BlobId } from '../model/brand.ts';
import { documentName } from '../model/brand.ts';
import type { DocumentFamily } from '../model/catalog.ts';
import type { CatalogDocument } from '../model/document.ts';
import type { Problem } from '../model/problem.ts';
import { shown } from './misfits.ts';
import { wholeFileProblem } from './parse-file.ts';
import type { ParsedFile } from './parsed.ts';
import { placeOf } from './spots.ts';

export type Families = {
  readonly families: ReadonlyMap<string, DocumentFamily>;
  readonly problems: readonly Problem[];
};

/** A family from a single content: `documents/<Name>.yaml`, or a document of the program's library. */
export function familyOf(only: CatalogDocument): DocumentFamily {
  return { versions: [only], default: only, latest: only, byVersionName: new Map() };
}

/** `files` are sorted by path and hold documents and their metadata; other kinds are passed over. */
export function gatherFamilies(
  files: readonly ParsedFile[],
  library: ReadonlyMap<string, CatalogDocument>,
): Families {
  const problems: Problem[] = [];
  const families = new Map([...library].map(([name, document]) => [name, familyOf(document)]));
  const byName = new Map<string, Member[]>();
  for (const file of files) {
    const { content } = file;
    if (content?.kind !== 'document' && content?.kind !== 'document-metadata') continue;
    const members = byName.get(content.name) ?? [];
    members.push({ file, content });
    byName.set(content.name, members);
  }
  for (const [name, members] of byName) {
    const family = gatherFamily(name, members, problems);
    if (family !== null) families.set(name, family);
  }
  problems.push(...sameButForCase(byName));
  return { families, problems };
}

type Member = {
  readonly file: ParsedFile;
  readonly content: Extract<
    NonNullable<ParsedFile['content']>,
    { readonly kind: 'document' | 'document-metadata' }
  >;
};

function gatherFamily(
  name: string,
  members: readonly Member[],
  problems: Problem[],
): DocumentFamily | null {
  const numbers = new Map<number | null, CatalogDocument>();
  const metadata: Extract<Member['content'], { kind: 'document-metadata' }>[] = [];
  const metadataFiles: ParsedFile[] = [];
  for (const { file, content } of members) {
    if (content.kind === 'document-metadata') {
      metadata.push(content);
      metadataFiles.push(file);
      continue;
    }
    const other = numbers.get(content.number);
    if (other !== undefined) problems.push(...bothPlaces(name, file.path, other.file));
    else numbers.set(content.number, toCatalog(name, file, content));
  }
  const single = numbers.get(null);
  const pinned = [...numbers.values()]
    .filter((document) => document.number !== null)
    .sort((a, b) => (a.number ?? 0) - (b.number ?? 0));
  const [firstPinned] = pinned;
  if (single !== undefined) {
    const rival = firstPinned?.file ?? metadataFiles[0]?.path;
    if (rival !== undefined) problems.push(...bothPlaces(name, single.file, rival));
    return familyOf(single);
  }
  const latest = pinned.at(-1);
  if (latest === undefined) {
    for (const { path } of metadataFiles) {
      problems.push(
        wholeFileProblem(path, {
          code: 'metadata-without-document',
          message: `there is no documents/${name}/<number>.yaml`,
          hint: 'Add the document as 1.yaml beside it.',
        }),
      );
    }
    return null;
  }
  const [data] = metadata;
  const [file] = metadataFiles;
  if (data === undefined || file === undefined)
    return { versions: pinned, default: latest, latest, byVersionName: new Map() };
  const byNumber = (number: number, pointer: string): CatalogDocument | null => {
    const found = numbers.get(number);
    if (found !== undefined) return found;
    const [line, column] = placeOf(data.places, pointer);
    problems.push({
      code: 'unknown-document-version',
      severity: 'error',
      file: file.path,
      line,
      column,
      pointer,
      message: `document ${shown(name)} has no version ${number}`,
      hint: `It has ${pinned.map((one) => one.number).join(', ')}.`,
    });
    return null;
  };
  const { defaultVersion, names } = data.metadata;
  const byDefault = defaultVersion === null ? latest : byNumber(defaultVersion, '/DefaultVersion');
  const byVersionName = new Map<string, CatalogDocument>();
  for (const [i, version] of names.entries()) {
    const found = byNumber(version.number, `/Versions/${i}/DocumentVersion`);
    if (found !== null) byVersionName.set(version.name, found);
  }
  return { versions: pinned, default: byDefault ?? latest, latest, byVersionName };
}

function toCatalog(
  name: string,
  file: ParsedFile,
  { number, document }: Extract<Member['content'], { kind: 'document' }>,
): CatalogDocument {
  const blob: BlobId = file.blob;
  return {
    name: documentName(name),
    number,
    document,
    origin: 'repository',
    file: file.path,
    blob,
  };
}

function bothPlaces(name: string, a: string, b: string): readonly Problem[] {
  const problem = (file: string, other: string): Problem =>
    wholeFileProblem(file, {
      code: 'duplicate-document',
      message: `document ${shown(name)} is also defined by ${other}`,
      hint: 'Keep one of the two.',
    });
  return [problem(a, b), problem(b, a)];
}

function sameButForCase(byName: ReadonlyMap<string, readonly Member[]>): readonly Problem[] {
  const byLower = new Map<string, string[]>();
  for (const name of byName.keys()) {
    const names = byLower.get(name.toLowerCase()) ?? [];
    names.push(name);
    byLower.set(name.toLowerCase(), names);
  }
  return [...byLower.values()].flatMap((names) =>
    names.length < 2
      ? []
      : names.flatMap((name) =>
          (byName.get(name) ?? []).map(({ file }) =>
            wholeFileProblem(file.path, {
              code: 'name-case',
              message: `the names ${names.map(shown).join(' and ')} differ only by case`,
              hint: 'Choose names that differ on every file system.',
            }),
          ),
        ),
  );
}

/** The content that a DocumentVersion means; null when the family has no such one. */
export function versionOf(
  family: DocumentFamily,
  version: DocumentVersion,
): CatalogDocument | null {
  switch (version.kind) {
    case 'default':
      return family.default;
    case 'latest':
      return family.latest;
    case 'number':
      return family.versions.find(({ number }) => number === version.number) ?? null;
    case 'name':
      return family.byVersionName.get(version.name) ?? null;
  }
}

/** `text` has passed the schema. */
export function parseDocumentVersion(text: string): DocumentVersion {
  if (text === '$DEFAULT') return { kind: 'default' };
  if (text === '$LATEST') return { kind: 'latest' };
  return /^[0-9]+$/.test(text)
    ? { kind: 'number', number: Number(text) }
    : { kind: 'name', name: text };
}

/** What a step means by `Name`, `Name:version` or an ARN of either: documents have no account and no Region here. */
export function nameInReference(reference: string): string {
  const { name } = splitDocumentReference(reference);
  return name.startsWith('arn:') ? name.slice(name.lastIndexOf('/') + 1) : name;
}

/**
 * The document that a step means; a version that is not there is none. There is one content of a preconfigured document, and it
 * answers to every number.
 */
export function documentNamed(
  documents: ReadonlyMap<string, DocumentFamily>,
  reference: string,
): CatalogDocument | null {
  const { version } = splitDocumentReference(reference);
  const family = documents.get(nameInReference(reference));
  if (family === undefined) return null;
  if (family.default.origin === 'library' && /^[0-9]+$/.test(version)) return family.default;
  return versionOf(family, parseDocumentVersion(version === '' ? '$DEFAULT' : version));
}
