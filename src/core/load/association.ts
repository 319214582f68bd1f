/** One association in the light of all other files. */
import { INCLUDES_BYTES_MAX, INCLUDES_MAX, includesOf } from '../document/includes.ts';
import { nearest } from '../document/nearest.ts';
import { effectiveParameters, typeParameters } from '../document/parameters.ts';
import { INCLUDE_DEPTH_MAX } from '../document/run-document.ts';
import { REFERENCES_MAX, storeReferences, writtenReferences } from '../document/store.ts';
import type { Association, OutputLocation, Parameter } from '../model/association.ts';
import { ID_PARAMETER } from '../model/association.ts';
import type { BlobId } from '../model/brand.ts';
import { associationName, documentName, isDocumentName } from '../model/brand.ts';
import type { Calendar } from '../model/calendar.ts';
import type { DocumentFamily, RepositorySettings } from '../model/catalog.ts';
import type { CatalogDocument } from '../model/document.ts';
import type { JsonObject } from '../model/json.ts';
import type { Problem } from '../model/problem.ts';
import type { AssociationFile } from '../model/schemas.gen.ts';
import { SHAPES } from '../model/schemas.gen.ts';
import type { Schedule } from '../schedule/schedule.ts';
import { parseTargets } from '../selector/parse.ts';
import type { Group, Target } from '../selector/target.ts';
import { parseDuration } from './duration.ts';
import type { Extensions } from './extensions.ts';
import { parseRateLimit, readExtensions } from './extensions.ts';
import { documentNamed, nameInReference, parseDocumentVersion, versionOf } from './families.ts';
import { shown } from './misfits.ts';
import type { AssociationDraft } from './parsed.ts';
import { readSchedule } from './read-schedule.ts';
import { checkSecure } from './secure-references.ts';
import type { Place } from './spots.ts';
import { keyPlaceOf, placeOf } from './spots.ts';
import { findParameter, storeOf } from './store.ts';
import { executedOf, storeUse } from './store-use.ts';
import { parseTargetMaps } from './target-maps.ts';

/** What an association may refer to, in one revision. */
export type Surroundings = {
  readonly settings: RepositorySettings;
  readonly documents: ReadonlyMap<string, DocumentFamily>;
  readonly groups: ReadonlyMap<string, Group>;
  readonly parameters: ReadonlyMap<string, Parameter>;
  readonly calendars: ReadonlyMap<string, Calendar>;
  /** Names that readable files define. */
  readonly associations: ReadonlySet<string>;
  /** True when a name may stand in a file that cannot be read: then its absence is that file's problem. */
  readonly isHidden: (need: Need) => boolean;
};

/** Something of another file that an association cannot do without. */
export type Need = {
  readonly kind: 'association' | 'document' | 'group' | 'parameter' | 'calendar' | 'settings';
  readonly name: string;
};

export type Reading = {
  /** Null when something is wrong, here or with what it needs. */
  readonly association: Association | null;
  readonly problems: readonly Problem[];
  readonly needs: readonly Need[];
  /** Of the needs, those that something is wrong with. */
  readonly blames: readonly Need[];
};

export type Origin = { readonly path: string; readonly blob: BlobId };

export function readAssociation(
  draft: AssociationDraft,
  origin: Origin,
  around: Surroundings,
): Reading {
  const desk = openDesk(draft, origin);
  const targets = readTargets(draft, desk, around);
  const schedule = readSchedule(draft, desk, around.settings);
  refuseExclusiveKeys(draft, desk);
  checkDuration(draft, desk);
  const document = readDocument(draft, desk, around);
  if (document !== null) checkAgainstDocument(draft, desk, document, around);
  checkCalendars(draft, desk, around);
  const extensions = readExtensions(draft, desk, around);
  const { definition } = draft;
  const isWhole =
    !desk.refused() && targets !== null && schedule !== undefined && document !== null;
  return {
    association: isWhole
      ? toAssociation(draft, origin, { targets, schedule, extensions, settings: around.settings })
      : null,
    problems: desk.problems,
    needs: [{ kind: 'document', name: definition.Name }, ...desk.needs],
    blames: desk.blames,
  };
}

export type Desk = {
  readonly problems: readonly Problem[];
  readonly needs: readonly Need[];
  readonly blames: readonly Need[];
  readonly error: (code: string, pointer: string, message: string, hint: string) => void;
  /** At the key itself. */
  readonly errorAtKey: (code: string, pointer: string, message: string, hint: string) => void;
  readonly warnAtKey: (code: string, pointer: string, message: string, hint: string) => void;
  readonly need: (need: Need) => void;
  /** If this went back to its last good content, the association might be right. */
  readonly blame: (need: Need) => void;
  /** Not in force, although the problem is another file's. */
  readonly refuse: () => void;
  readonly refused: () => boolean;
  /** A group that the association needs; a problem at `pointer` when nothing defines it. */
  readonly group: (name: string, pointer: string, around: Surroundings) => void;
};

function openDesk({ places }: AssociationDraft, { path }: Origin): Desk {
  const problems: Problem[] = [];
  const needs: Need[] = [];
  const blames: Need[] = [];
  let refused = false;
  const keyAt = (pointer: string): Place => keyPlaceOf(places, pointer);
  const add = (
    { code, pointer, message, hint }: Pick<Problem, 'code' | 'pointer' | 'message' | 'hint'>,
    [line, column]: Place,
    severity: Problem['severity'],
  ): void => {
    refused ||= severity === 'error';
    problems.push({ code, severity, file: path, line, column, pointer, message, hint });
  };
  const desk: Desk = {
    problems,
    needs,
    blames,
    error: (code, pointer, message, hint) => {
      add({ code, pointer, message, hint }, placeOf(places, pointer), 'error');
    },
    errorAtKey: (code, pointer, message, hint) => {
      add({ code, pointer, message, hint }, keyAt(pointer), 'error');
    },
    warnAtKey: (code, pointer, message, hint) => {
      add({ code, pointer, message, hint }, keyAt(pointer), 'warning');
    },
    need: (need) => {
      needs.push(need);
    },
    blame: (need) => {
      blames.push(need);
    },
    refuse: () => {
      refused = true;
    },
    refused: () => refused,
    group: (name, pointer, around) => {
      needGroup(name, pointer, desk, around);
    },
  };
  return desk;
}

// --- targets ----------------------------------------------------------------------------------------------------

function readTargets(
  { definition }: AssociationDraft,
  desk: Desk,
  around: Surroundings,
): readonly Target[] | null {
  const { Targets, InstanceId, TargetMaps } = definition;
  if (Targets === undefined && InstanceId !== undefined)
    return [{ kind: 'ids', ids: [InstanceId] }];
  const key = Targets === undefined && TargetMaps !== undefined ? 'TargetMaps' : 'Targets';
  const parsed =
    key === 'TargetMaps' ? parseTargetMaps(TargetMaps ?? []) : parseTargets(Targets ?? []);
  if (!parsed.ok) {
    const above = definition[key] === undefined ? '' : `/${key}`;
    for (const { code, message, hint, pointer } of parsed.error) {
      desk.error(code, `${above}${above && pointer}`, message, hint);
    }
    return null;
  }
  for (const [i, target] of parsed.value.entries()) {
    if (target.kind !== 'group') continue;
    desk.group(target.name, `/Targets/${i}/Values/0`, around);
  }
  return parsed.value;
}

function needGroup(name: string, pointer: string, desk: Desk, around: Surroundings): void {
  const need: Need = { kind: 'group', name };
  desk.need(need);
  if (around.groups.has(name)) return;
  desk.blame(need);
  if (around.isHidden(need)) {
    desk.refuse();
    return;
  }
  const near = nearest(name, around.groups.keys());
  desk.error(
    'unknown-group',
    pointer,
    `group ${shown(name)} is not in groups/`,
    near === null ? 'Add it, or name one that is there.' : `Did you mean "${near}"?`,
  );
}

// --- keys that exclude each other -------------------------------------------------------------------------------

/** Keys that the legacy InstanceId does not go with (spec/state-manager.md §2.1). */
const NOT_WITH_INSTANCE_ID = [
  'DocumentVersion',
  'MaxErrors',
  'MaxConcurrency',
  'OutputLocation',
  'ScheduleExpression',
];

function refuseExclusiveKeys({ written }: AssociationDraft, desk: Desk): void {
  const has = (key: string): boolean => written.includes(key);
  const refuse = (key: string, other: string): void => {
    if (has(key) && has(other))
      desk.errorAtKey(
        'exclusive-keys',
        `/${key}`,
        `${key} and ${other} exclude each other`,
        'Keep one of the two.',
      );
  };
  refuse('InstanceId', 'Targets');
  refuse('TargetMaps', 'Targets');
  refuse('TargetMaps', 'InstanceId');
  for (const key of NOT_WITH_INSTANCE_ID) {
    if (has('InstanceId') && has(key))
      desk.errorAtKey(
        'exclusive-keys',
        `/${key}`,
        `${key} does not go with InstanceId`,
        'Write Targets: [{Key: InstanceIds, Values: […]}] instead of InstanceId.',
      );
  }
}

/** Without the flag an execution takes in whoever comes until the next slot; AWS cuts none of those off either. */
function checkDuration({ definition }: AssociationDraft, desk: Desk): void {
  if (definition.Duration === undefined || definition.ApplyOnlyAtCronInterval === true) return;
  desk.errorAtKey(
    'duration-without-flag',
    '/Duration',
    'Duration must be used with ApplyOnlyAtCronInterval = true and a cron or at schedule.',
    'Add ApplyOnlyAtCronInterval: true, or remove Duration.',
  );
}

// --- document ---------------------------------------------------------------------------------------------------

function readDocument(
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

function unknownDocumentHint(name: string, around: Surroundings): string {
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

function checkAgainstDocument(
  draft: AssociationDraft,
  desk: Desk,
  found: CatalogDocument,
  around: Surroundings,
): void {
  const { definition } = draft;
  const { document } = found;
  const ofDocument: Need = { kind: 'document', name: found.name };
  if (definition.InstanceId !== undefined && document.schemaVersion !== '1.2') {
    desk.blame(ofDocument);
    desk.errorAtKey(
      'legacy-instance-id',
      '/InstanceId',
      `InstanceId does not go with a document of schemaVersion ${document.schemaVersion}`,
      `Write Targets: [{Key: InstanceIds, Values: [${definition.InstanceId}]}].`,
    );
  }
  if (definition.SyncCompliance === 'MANUAL' && !document.parameters.has(ID_PARAMETER)) {
    desk.blame(ofDocument);
    desk.error(
      'parameter-undeclared',
      '/SyncCompliance',
      'Parameter "AssociationId" is not defined in the document.',
      'A document that reports compliance itself declares it; otherwise write SyncCompliance: AUTO.',
    );
  }
  const supplied = definition.Parameters ?? {};
  const store = storeOf(around.parameters);
  const references = [
    ...new Set([
      ...writtenReferences(document.content),
      ...storeReferences(Object.values(supplied)),
    ]),
  ];
  const missing = references.filter((reference) => store(reference) === null);
  for (const reference of references) desk.need({ kind: 'parameter', name: nameIn(reference) });
  // Judged as resolved only when everything can be; what is missing is said once.
  const typed = typeParameters(document, supplied, missing.length === 0 ? { store } : {});
  if (typed.problems.length > 0) {
    desk.blame(ofDocument);
    for (const reference of references) desk.blame({ kind: 'parameter', name: nameIn(reference) });
  }
  const isManual = definition.SyncCompliance === 'MANUAL';
  for (const { code, parameter, message, hint } of typed.problems) {
    // The daemon fills it in.
    if (isManual && code === 'parameter-missing' && parameter === ID_PARAMETER) continue;
    const pointer = Object.hasOwn(supplied, parameter)
      ? `/Parameters/${parameter}`
      : draft.written.includes('Parameters')
        ? '/Parameters'
        : '';
    const report = code === 'parameter-undeclared' ? desk.errorAtKey : desk.error;
    report(code, pointer, message, hint);
  }
  for (const reference of missing) {
    const need: Need = { kind: 'parameter', name: nameIn(reference) };
    desk.blame(need);
    desk.blame(ofDocument);
    if (around.isHidden(need)) desk.refuse();
    else {
      const entry = Object.entries(supplied).find(([, texts]) =>
        storeReferences(texts).includes(reference),
      );
      const near = nearest(need.name, around.parameters.keys());
      const isVersion = findParameter(around.parameters, need.name) !== null;
      desk.error(
        'unknown-parameter',
        entry === undefined ? '/Name' : `/Parameters/${entry[0]}`,
        `{{ssm:${reference}}} is not in parameters/`,
        isVersion
          ? 'The parameter has another version and other labels.'
          : near === null
            ? `Add a parameter with Name: ${need.name}.`
            : `Did you mean "${near}"?`,
      );
    }
  }
  if (desk.refused()) return;
  checkSecure(desk, found, { runs: [typed.values], supplied }, around);
  checkIncludes(desk, found, typed.values, around);
}

/** Documents that the document names, with these parameters, and what those refer to. */
function checkIncludes(
  desk: Desk,
  { name, document }: CatalogDocument,
  values: JsonObject,
  around: Surroundings,
): void {
  const effective = effectiveParameters(document, values);
  if (!effective.ok) return;
  const store = storeOf(around.parameters);
  const find = (reference: string): CatalogDocument | null =>
    documentNamed(around.documents, reference);
  const { found, tooMany, tooDeep, unfit } = includesOf(document, effective.value, { find, store });
  const bytes = found.reduce(
    (sum, one) => sum + JSON.stringify(one.document?.document.content ?? '').length,
    0,
  );
  if (tooMany || bytes > INCLUDES_BYTES_MAX) {
    desk.blame({ kind: 'document', name });
    desk.error(
      'too-many-includes',
      '/Name',
      `document ${shown(name)} includes more than ${INCLUDES_MAX} documents or ${INCLUDES_BYTES_MAX} bytes of them`,
      'Run some of them through associations of their own.',
    );
    return;
  }
  if (tooDeep !== null) {
    desk.warnAtKey(
      'includes-too-deep',
      '/Name',
      `document ${shown(name)} comes to run ${shown(tooDeep)} more than ${INCLUDE_DEPTH_MAX} documents deep, and that step fails on every node`,
      'Run it from a document nearer to this one, or through an association of its own.',
    );
  }
  if (unfit !== null) {
    desk.warnAtKey(
      'includes-unfit',
      '/Name',
      `document ${shown(name)} runs ${shown(unfit.reference)} with parameters that it cannot take, and that step fails on every node: ${unfit.why}`,
      'Correct its documentParameters, or what it hands on.',
    );
  }
  for (const { reference, document: inner, runs } of found) {
    const need: Need = { kind: 'document', name: nameInReference(reference) };
    desk.need(need);
    if (inner === null) {
      desk.blame(need);
      desk.blame({ kind: 'document', name });
      if (around.isHidden(need)) desk.refuse();
      else
        desk.error(
          'unknown-document',
          '/Name',
          `document ${shown(name)} includes ${shown(reference)}, which is neither in documents/ nor preconfigured`,
          unknownDocumentHint(need.name, around),
        );
      continue;
    }
    checkSecure(desk, inner, { runs, supplied: {} }, around);
    const references = writtenReferences(inner.document.content);
    const missing = references.filter((one) => store(one) === null);
    for (const one of missing) {
      desk.blame({ kind: 'parameter', name: nameIn(one) });
      desk.blame(need);
      desk.error(
        'unknown-parameter',
        '/Name',
        `{{ssm:${one}}} in document ${shown(reference)} is not in parameters/`,
        `Add a parameter with Name: ${nameIn(one)}.`,
      );
    }
    for (const one of references) desk.need({ kind: 'parameter', name: nameIn(one) });
  }
  const { size } = storeUse([
    { document, parameters: effective.value },
    ...found.flatMap(({ document: inner, runs }) =>
      inner === null ? [] : executedOf(inner.document, runs),
    ),
  ]);
  if (size <= REFERENCES_MAX) return;
  desk.blame({ kind: 'document', name });
  desk.error(
    'too-many-references',
    '/Name',
    `document ${shown(name)} refers to ${size} parameters of the store; a job carries ${REFERENCES_MAX}`,
    'Put some of them together in one parameter, or run parts through associations of their own.',
  );
}

function nameIn(reference: string): string {
  const colon = reference.lastIndexOf(':');
  return colon === -1 ? reference : reference.slice(0, colon);
}

function checkCalendars(
  { definition }: AssociationDraft,
  desk: Desk,
  { calendars, isHidden }: Surroundings,
): void {
  for (const [i, name] of (definition.CalendarNames ?? []).entries()) {
    const need: Need = { kind: 'calendar', name };
    desk.need(need);
    if (calendars.has(name)) continue;
    desk.blame(need);
    if (isHidden(need)) desk.refuse();
    else
      desk.error(
        'unknown-calendar',
        `/CalendarNames/${i}`,
        `there is no calendars/${shownName(name)}.ics`,
        unknownCalendarHint(name, calendars.keys()),
      );
  }
}

function shownName(name: string): string {
  return shown(name).slice(1, -1);
}

function unknownCalendarHint(name: string, known: Iterable<string>): string {
  if (name.startsWith('arn:')) {
    const own = name.slice(name.lastIndexOf('/') + 1);
    return [...known].includes(own)
      ? `Calendars have no account and no Region here: write ${own}.`
      : 'Calendars of other accounts do not exist here: copy it into calendars/ and name that.';
  }
  const near = nearest(name.replace(/\.ics$/, ''), known);
  return near === null ? 'Add it, or name one that is there.' : `Did you mean "${near}"?`;
}

// --- the whole --------------------------------------------------------------------------------------------------

/** Keys that are written and have no effect here, or not their whole effect. */
function notEffectiveOf(written: readonly string[]): readonly string[] {
  return written.filter((key) => NOT_EFFECTIVE.has(`#/properties/${key}`)).sort();
}

const NOT_EFFECTIVE: ReadonlySet<string> = new Set(
  Object.entries(SHAPES.association).flatMap(([path, { effect }]) =>
    effect === 'none' || effect === 'kept' ? [path] : [],
  ),
);

function toAssociation(
  { definition, digest, places, written }: AssociationDraft,
  { path, blob }: Origin,
  parts: {
    readonly targets: readonly Target[];
    readonly schedule: Schedule | null;
    readonly extensions: Extensions;
    readonly settings: RepositorySettings;
  },
): Association {
  const { defaults } = parts.settings;
  const own = definition.Reconciled ?? {};
  return {
    name: associationName(definition.AssociationName),
    document: documentName(definition.Name),
    documentVersion: parseDocumentVersion(definition.DocumentVersion ?? '$DEFAULT'),
    parameters: definition.Parameters ?? {},
    targets: parts.targets,
    schedule: parts.schedule,
    applyOnlyAtCronInterval: definition.ApplyOnlyAtCronInterval === true,
    calendarNames: definition.CalendarNames ?? [],
    maxConcurrency: parseRateLimit(definition.MaxConcurrency ?? defaults.maxConcurrency),
    maxErrors: parseRateLimit(definition.MaxErrors ?? defaults.maxErrors),
    complianceSeverity: definition.ComplianceSeverity ?? 'UNSPECIFIED',
    syncCompliance: definition.SyncCompliance ?? 'AUTO',
    outputLocation: toOutputLocation(definition),
    tags: Object.fromEntries((definition.Tags ?? []).map(({ Key, Value }) => [Key, Value])),
    startingDeadlineMs: parseDuration(own.StartingDeadline ?? '') ?? 0,
    timeoutMs: own.TimeoutSeconds === undefined ? null : own.TimeoutSeconds * 1_000,
    onInterrupted: own.OnInterrupted ?? 'Report',
    ...parts.extensions,
    notEffective: notEffectiveOf(written),
    file: path,
    line: placeOf(places, '')[0],
    blob,
    digest,
  };
}

function toOutputLocation({ OutputLocation }: AssociationFile): OutputLocation | null {
  const s3 = OutputLocation?.S3Location;
  if (s3 === undefined) return null;
  return {
    bucket: s3.OutputS3BucketName,
    region: s3.OutputS3Region ?? null,
    keyPrefix: s3.OutputS3KeyPrefix ?? '',
  };
}
