import type { AssociationName, BlobId, CommitId } from '../model/brand.ts';
import { associationName } from '../model/brand.ts';
import type { Catalog } from '../model/catalog.ts';
import type { CatalogDocument } from '../model/document.ts';
import { invariant } from '../model/errors.ts';
import type { Problem } from '../model/problem.ts';
import { compareProblems, compareText } from '../model/problem.ts';
import { defaultSettings } from './default-settings.ts';
import type { Need } from './desk.ts';
import { ignoring } from './ignored.ts';
import type { Candidate, InForce } from './in-force.ts';
import { chooseInForce, homesFor, namesIn } from './in-force.ts';
import { isOurs, isRead, kindOf } from './kinds.ts';
import { FILES_MAX, TOTAL_BYTES_MAX } from './limits.ts';
import { parseFile, wholeFileProblem } from './parse-file.ts';
import type { ParsedFile } from './parsed.ts';
import { rememberGround } from './readings.ts';
import { withRemedy } from './remedy.ts';

/** A file of the tree. `bytes` may be null when the cache knows the blob at this path, or when it is no plain file. */
export type LoadedFile = {
  readonly path: string;
  readonly blob: BlobId;
  readonly kind: 'file' | 'symlink' | 'submodule';
  readonly bytes: Uint8Array | null;
};

/** The content of a path that was in force before: `Catalog.files` of the revision before, with the bytes. */
export type LastGood = { readonly blob: BlobId; readonly bytes: Uint8Array | null };

export type LoadOptions = {
  readonly commit: CommitId | null;
  /** The preconfigured documents, by name. */
  readonly library: ReadonlyMap<string, CatalogDocument>;
  /** By path. Empty at the first revision, and when an author only wants to know what is wrong. */
  readonly lastGood: ReadonlyMap<string, LastGood>;
  /** Actions that agents of this program perform; null: do not look. */
  readonly builtActions: readonly string[] | null;
  readonly cache?: LoadCache;
};

/** What files said by themselves, by path and blob: a load costs only what is not in it. */
export type LoadCache = ReadonlyMap<string, ParsedFile>;

export type Loaded = {
  readonly catalog: Catalog;
  /** For the next load: what this one looked at, and nothing else. */
  readonly cache: LoadCache;
};

/**
 * A revision read, judged and put together. Every problem is found at once. What is wrong keeps its last good version
 * in force, and takes back with it only what that one cannot do without (contract §3, "invalid is not absent").
 * The order of `files` does not matter.
 * @throws never for what the bytes say; Error (a bug) when bytes are missing that `unreadBlobs` would have named.
 */
export function loadCatalog(files: readonly LoadedFile[], options: LoadOptions): Loaded {
  const shelf = openShelf(options);
  const ours = selectOurs(files, options, shelf);
  const candidates = candidatesOf(ours, options.lastGood, shelf);
  const hidden = hiddenNames(candidates);
  const inForce = chooseInForce(candidates, {
    library: options.library,
    defaultSettings,
    broken: ours.filter(({ content }) => content === null),
    isHidden: ({ kind, name }: Need) =>
      hidden.kinds.has(kind) || hidden.names.has(`${kind}:${name}`),
    hidesNothing: hidden.kinds.size + hidden.names.size === 0,
  });
  return { catalog: toCatalog(candidates, inForce, options.commit), cache: shelf.used };
}

/** The blobs that `loadCatalog` will ask for: those at paths of ours that the cache does not know. */
export function unreadBlobs(
  files: readonly Omit<LoadedFile, 'bytes'>[],
  lastGood: ReadonlyMap<string, Pick<LastGood, 'blob'>>,
  cache: LoadCache = new Map(),
): readonly { readonly path: string; readonly blob: BlobId }[] {
  const wanted = new Map<string, { readonly path: string; readonly blob: BlobId }>();
  const want = (path: string, blob: BlobId): void => {
    const key = keyOf(path, blob);
    if (isRead(path) && !cache.has(key)) wanted.set(key, { path, blob });
  };
  const sorted = files
    .filter(({ path, kind }) => kind === 'file' && isOurs(path))
    .sort((a, b) => compareText(a.path, b.path));
  for (const { path, blob } of sorted.slice(0, FILES_MAX)) want(path, blob);
  for (const [path, { blob }] of lastGood) want(path, blob);
  return [...wanted.values()];
}

export function keyOf(path: string, blob: BlobId): string {
  return `${path}\0${blob}`;
}

// --- reading ----------------------------------------------------------------------------------------------------

type Shelf = {
  /** @throws Error (a bug) when the bytes are needed and missing */
  readonly read: (path: string, blob: BlobId, bytes: Uint8Array | null) => ParsedFile;
  readonly used: Map<string, ParsedFile>;
};

function openShelf({ cache, builtActions }: LoadOptions): Shelf {
  const used = new Map<string, ParsedFile>();
  return {
    used,
    read: (path, blob, bytes) => {
      const key = keyOf(path, blob);
      let parsed = used.get(key) ?? cache?.get(key);
      if (parsed === undefined) {
        invariant(bytes !== null, `the bytes of ${path} were handed over or are in the cache`);
        parsed = parseFile({ path, blob, bytes }, { builtActions });
      }
      used.set(key, parsed);
      return parsed;
    },
  };
}

/** Files in our folders that `.reconciledignore` leaves, sorted, as they are now. */
function selectOurs(
  files: readonly LoadedFile[],
  options: LoadOptions,
  shelf: Shelf,
): readonly ParsedFile[] {
  const sorted = files
    .filter(({ path }) => isOurs(path))
    .sort((a, b) => compareText(a.path, b.path));
  const ignoreFile = sorted.find(
    ({ path, kind }) => path === '.reconciledignore' && kind === 'file',
  );
  const isIgnored = ignoring(
    ignoreFile === undefined ? '' : ignoreText(ignoreFile, options, shelf),
  );
  const ours: ParsedFile[] = [];
  let bytesTotal = 0;
  let count = 0;
  for (const file of sorted) {
    if (file.path !== '.reconciledignore' && isIgnored(file.path)) continue;
    if (file.kind !== 'file') {
      ours.push(unreadable(file, obstacleOfKind(file.kind)));
      continue;
    }
    if (!isRead(file.path)) continue;
    count += 1;
    if (count > FILES_MAX) {
      const first = count === FILES_MAX + 1;
      ours.push(
        unreadable(
          file,
          first
            ? {
                code: 'too-many-files',
                message: `more than ${FILES_MAX} files; this one and those after it are not read`,
                hint: 'Put several definitions into one file.',
              }
            : null,
        ),
      );
      continue;
    }
    const read = shelf.read(file.path, file.blob, file.bytes);
    const before = bytesTotal;
    bytesTotal += read.bytes;
    if (bytesTotal <= TOTAL_BYTES_MAX) ours.push(read);
    else
      ours.push(
        unreadable(
          file,
          before > TOTAL_BYTES_MAX
            ? null
            : {
                code: 'too-large',
                message: `more than ${TOTAL_BYTES_MAX} bytes in all; this file and those after it are not read`,
                hint: 'Split the repository.',
              },
        ),
      );
  }
  return ours;
}

/** A broken `.reconciledignore` keeps ignoring what it ignored. */
function ignoreText(
  { path, blob, bytes }: LoadedFile,
  { lastGood }: LoadOptions,
  shelf: Shelf,
): string {
  const current = shelf.read(path, blob, bytes);
  const good = lastGood.get(path);
  const inForce =
    current.content !== null || good === undefined
      ? current
      : shelf.read(path, good.blob, good.bytes);
  return inForce.content?.kind === 'ignore' ? inForce.content.text : '';
}

type Obstacle = { readonly code: string; readonly message: string; readonly hint: string };

function unreadable({ path, blob }: LoadedFile, obstacle: Obstacle | null): ParsedFile {
  const problems = obstacle === null ? [] : [wholeFileProblem(path, obstacle)];
  return { path, blob, bytes: 0, content: null, problems, claims: [], remains: [] };
}

function obstacleOfKind(kind: 'symlink' | 'submodule'): Obstacle {
  return kind === 'symlink'
    ? {
        code: 'symlink',
        message: 'symbolic links are not followed',
        hint: 'Put the file itself here.',
      }
    : {
        code: 'submodule',
        message: 'submodules are not read',
        hint: 'Put the files themselves here.',
      };
}

// --- what is in force -------------------------------------------------------------------------------------------

function candidatesOf(
  ours: readonly ParsedFile[],
  lastGood: LoadOptions['lastGood'],
  shelf: Shelf,
): readonly Candidate[] {
  const candidates = new Map<string, Candidate>();
  for (const current of ours)
    candidates.set(current.path, { path: current.path, current, good: null });
  for (const [path, { blob, bytes }] of lastGood) {
    if (!isRead(path)) continue;
    const current = candidates.get(path)?.current ?? null;
    const read =
      current?.blob === blob && current.content !== null ? current : shelf.read(path, blob, bytes);
    const good = read.content === null ? null : read;
    if (current !== null || good !== null) candidates.set(path, { path, current, good });
  }
  return [...candidates.values()].sort((a, b) => compareText(a.path, b.path));
}

/** What may be defined in files that cannot be read and never could. */
function hiddenNames(candidates: readonly Candidate[]): {
  /** `document:<name>`, and so on, which the path or the text alone tells. */
  readonly names: ReadonlySet<string>;
  readonly kinds: ReadonlySet<Need['kind']>;
} {
  const names = new Set<string>();
  const kinds = new Set<Need['kind']>();
  for (const { path, current, good } of candidates) {
    if (current === null || current.content !== null || good !== null) continue;
    const kind = kindOf(path);
    for (const name of current.claims) names.add(`association:${name}`);
    if (kind.kind === 'document' || kind.kind === 'document-metadata')
      names.add(`document:${kind.name}`);
    if (kind.kind === 'calendar') names.add(`calendar:${kind.name}`);
    if (kind.kind === 'groups') kinds.add('group');
    if (kind.kind === 'parameters') kinds.add('parameter');
  }
  return { names, kinds };
}

function toCatalog(
  candidates: readonly Candidate[],
  { asWritten, whole, chosen }: InForce,
  commit: CommitId | null,
): Catalog {
  const problems: Problem[] = [...asWritten.problems];
  for (const { current } of candidates) problems.push(...(current?.problems ?? []));
  const ownErrors = new Set(
    problems.filter(({ severity }) => severity === 'error').map(({ file }) => file),
  );
  const invalid = new Map<string, { readonly lastGood: BlobId | null }>();
  for (const { path, current } of candidates) {
    const inForce = chosen.get(path) ?? null;
    const isGone = current === null && inForce === null;
    const isAsWritten = current !== null && inForce !== null && current.blob === inForce.blob;
    if (isGone || (isAsWritten && !ownErrors.has(path))) continue;
    invalid.set(path, { lastGood: inForce?.blob ?? null });
    // One that never was good waits for the other file, which says what is wrong.
    if (!ownErrors.has(path) && inForce !== null) problems.push(heldBack(path, current === null));
  }
  const catalog: Catalog = {
    commit,
    settings: whole.settings,
    associations: whole.associations,
    documents: whole.documents,
    nodes: whole.nodes,
    activations: whole.activations,
    groups: whole.groups,
    parameters: whole.parameters,
    calendars: whole.calendars,
    problems: problems.map(withRemedy).sort(compareProblems),
    invalid,
    files: new Map(
      [...chosen].sort(([a], [b]) => compareText(a, b)).map(([path, { blob }]) => [path, blob]),
    ),
    invalidAssociations: invalidAssociations(candidates, { asWritten, whole, chosen }, invalid),
  };
  rememberGround(catalog, whole.ground);
  return catalog;
}

function heldBack(path: string, isRemoved: boolean): Problem {
  return isRemoved
    ? wholeFileProblem(path, {
        code: 'removed-but-needed',
        message:
          'this file was removed, and an association that is in force needs it: its last good content stays',
        hint: 'Remove or repair what refers to it first.',
      })
    : wholeFileProblem(path, {
        code: 'held-back',
        message:
          'this file is right by itself, but another that it goes with is not: its last good content stays',
        hint: 'Repair the other file.',
      });
}

/** `Validity: Invalid`: the association's own file, or one that it stands on, is not in force as written. */
function invalidAssociations(
  candidates: readonly Candidate[],
  { whole, chosen }: InForce,
  invalid: Catalog['invalid'],
): ReadonlyMap<AssociationName, string> {
  const reasons = new Map<AssociationName, string>();
  if (invalid.size === 0) return reasons;
  const pathsOf = homesFor(candidates);
  for (const file of chosen.values()) {
    for (const name of namesIn(file)) {
      const broken = pathsOf(whole.needs.get(name) ?? []).find((path) => invalid.has(path));
      if (invalid.has(file.path)) reasons.set(associationName(name), `${file.path} is not valid`);
      else if (broken !== undefined) reasons.set(associationName(name), `${broken} is not valid`);
    }
  }
  for (const { path, current } of candidates) {
    if (current === null || !invalid.has(path)) continue;
    for (const name of [...namesIn(current), ...current.claims]) {
      if (!reasons.has(associationName(name)))
        reasons.set(associationName(name), `${path} is not valid`);
    }
  }
  return reasons;
}

/**
 * What was in force in the accepted revision, when no catalog of it is at hand: its own tree, but for the files that were
 * not valid in it. The first load after a restart is handed this as last good.
 */
export function filesInForce(
  files: readonly Pick<LoadedFile, 'path' | 'blob' | 'kind'>[],
  invalidFiles: ReadonlyMap<string, BlobId | null>,
): ReadonlyMap<string, BlobId> {
  const inForce = new Map<string, BlobId>();
  for (const { path, blob, kind } of files) {
    if (kind === 'file' && isRead(path) && !invalidFiles.has(path)) inForce.set(path, blob);
  }
  for (const [path, lastGood] of invalidFiles) if (lastGood !== null) inForce.set(path, lastGood);
  return inForce;
}
