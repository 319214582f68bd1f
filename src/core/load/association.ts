/** One association in the light of all other files. */
import type { Association, OutputLocation } from '../model/association.ts';
import { associationName, documentName } from '../model/brand.ts';
import type { RepositorySettings } from '../model/catalog.ts';
import type { AssociationFile } from '../model/schemas.gen.ts';
import { SHAPES } from '../model/schemas.gen.ts';
import type { Schedule } from '../schedule/schedule.ts';
import type { Target } from '../selector/target.ts';
import { checkCalendars } from './check-calendars.ts';
import { checkAgainstDocument } from './check-document.ts';
import type { Desk, Origin, Reading, Surroundings } from './desk.ts';
import { openDesk } from './desk.ts';
import { readDocument } from './document-of.ts';
import { parseDuration } from './duration.ts';
import type { Extensions } from './extensions.ts';
import { parseRateLimit, readExtensions } from './extensions.ts';
import { parseDocumentVersion } from './families.ts';
import type { AssociationDraft } from './parsed.ts';
import { readSchedule } from './read-schedule.ts';
import { readTargets } from './read-targets.ts';
import { placeOf } from './spots.ts';

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
