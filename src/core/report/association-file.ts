/** `associations/<name>/status.json`: the Overview as AWS spells it, and what is in force. */
import { associationId } from '../canonical/identity.ts';
import { prettyCanonicalJson } from '../canonical/json.ts';
import type { Association, OutputLocation, RateLimit } from '../model/association.ts';
import type { AssociationName } from '../model/brand.ts';
import { formatInstant } from '../model/brand.ts';
import type { Definition } from '../model/definition.ts';
import type { AssociationStanding, FailingTarget } from '../model/standing.ts';
import type { AssociationState, Execution } from '../model/state.ts';
import type { Target } from '../selector/target.ts';
import { visibleJson } from './escape.ts';
import { holdFields } from './holds.ts';
import { versionFields } from './versions-json.ts';
import type { ReportView } from './view.ts';

export const FAILING_TARGETS_MAX = 100;

type Fields = { [key: string]: unknown };

/** Null when the association is in force no more: its folder goes. */
export function associationFile(view: ReportView, name: AssociationName): string | null {
  const association = view.state.associations.get(name);
  const standing = view.standings.associations.get(name);
  if (association === undefined || standing === undefined) return null;
  return visibleJson(
    prettyCanonicalJson({
      ...inForceFields(view, association),
      ...definitionFields(view.definitions.get(name)),
      ...holdFields(view, name),
      ...standingFields(standing),
      ...executionFields(view, association),
      Versions: versionFields(view.state.versions.get(name) ?? []),
      FormatVersion: 1,
    }),
  );
}

function inForceFields({ state, catalog }: ReportView, association: AssociationState): Fields {
  const { name } = association;
  return {
    ...(state.instance === null ? {} : { AssociationId: associationId(state.instance.name, name) }),
    AssociationName: name,
    AssociationVersion: String(association.version),
    File: association.file,
    Generation: association.digests.generation,
    GenerationRevision: association.generationCommit,
    Revision: association.commit,
    Validity: catalog.invalidAssociations.has(name) ? 'Invalid' : 'Valid',
  };
}

function definitionFields(definition: Definition | undefined): Fields {
  if (definition === undefined) return {};
  const { association, documentNumber } = definition;
  return {
    Name: association.document,
    ...(documentNumber === null ? {} : { DocumentVersion: String(documentNumber) }),
    ...(association.schedule === null ? {} : { ScheduleExpression: association.schedule.text }),
    ComplianceSeverity: association.complianceSeverity,
    SyncCompliance: association.syncCompliance,
    MaxConcurrency: formatRateLimit(association.maxConcurrency),
    MaxErrors: formatRateLimit(association.maxErrors),
    Targets: association.targets.map(awsTarget),
    ...whenFields(association),
    ...(association.notEffective.length === 0 ? {} : { NotEffective: association.notEffective }),
  };
}

/** What is written, where it is written; parameters stay in the repository, which fewer people may read. */
function whenFields(association: Association): Fields {
  const { schedule, durationMs, outputLocation, tags, timeoutMs, onInterrupted } = association;
  const isCron = schedule?.kind === 'cron';
  return {
    ...(association.applyOnlyAtCronInterval ? { ApplyOnlyAtCronInterval: true } : {}),
    ...(isCron && schedule.offsetDays > 0 ? { ScheduleOffset: schedule.offsetDays } : {}),
    ...(isCron && schedule.timezone !== 'UTC' ? { Timezone: schedule.timezone } : {}),
    ...(durationMs === null ? {} : { Duration: durationMs / HOUR_MS }),
    ...(timeoutMs === null ? {} : { TimeoutSeconds: timeoutMs / 1_000 }),
    ...(onInterrupted === 'Report' ? {} : { OnInterrupted: onInterrupted }),
    ...(outputLocation === null
      ? {}
      : { OutputLocation: { S3Location: s3Fields(outputLocation) } }),
    ...(Object.keys(tags).length === 0
      ? {}
      : { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }),
  };
}

const HOUR_MS = 3_600_000;

const s3Fields = ({ bucket, keyPrefix, region }: OutputLocation): Fields => ({
  OutputS3BucketName: bucket,
  ...(keyPrefix === '' ? {} : { OutputS3KeyPrefix: keyPrefix }),
  ...(region === null ? {} : { OutputS3Region: region }),
});

export const formatRateLimit = (limit: RateLimit): string =>
  limit.kind === 'count' ? String(limit.count) : `${limit.percent}%`;

function awsTarget(target: Target): { readonly Key: string; readonly Values: readonly string[] } {
  switch (target.kind) {
    case 'ids':
      return { Key: 'InstanceIds', Values: target.ids };
    case 'all':
      return { Key: 'InstanceIds', Values: ['*'] };
    case 'tag':
      return { Key: `tag:${target.key}`, Values: target.values };
    case 'tag-key':
      return { Key: 'tag-key', Values: target.keys };
    case 'group':
      return { Key: 'resource-groups:Name', Values: [target.name] };
  }
}

function standingFields(standing: AssociationStanding): Fields {
  const { failing, unknownIds } = standing;
  return {
    Overview: {
      Status: standing.status,
      DetailedStatus: standing.detailedStatus,
      AssociationStatusAggregatedCount: standing.counts,
    },
    TargetCount: standing.targets,
    Compliance: {
      CompliantCount: standing.compliant,
      NonCompliantCount: standing.nonCompliant,
      UnknownCount: standing.targets - standing.compliant - standing.nonCompliant,
    },
    SilentCount: standing.silent,
    ...(standing.waiting.size === 0 ? {} : { Pending: Object.fromEntries(standing.waiting) }),
    FailingCount: failing.length,
    Failing: failing.slice(0, FAILING_TARGETS_MAX).map(failingFields),
    ...(unknownIds.length === 0
      ? {}
      : {
          UnknownTargetCount: unknownIds.length,
          UnknownTargets: unknownIds.slice(0, FAILING_TARGETS_MAX),
        }),
  };
}

function failingFields({ node, standing }: FailingTarget): Fields {
  const outcome = (standing.applied ?? standing.outcome)?.outcome;
  return {
    NodeId: node,
    Status: standing.status,
    DetailedStatus: standing.detailedStatus,
    ...(standing.item === null ? {} : { ComplianceStatus: standing.item.status }),
    ...(outcome === undefined || outcome.exitCode === null ? {} : { ExitCode: outcome.exitCode }),
  };
}

/** The execution that is open: what is owed, and whether the error threshold has stopped it. */
function executionFields({ state }: ReportView, association: AssociationState): Fields {
  const execution = association.open === null ? undefined : state.executions.get(association.open);
  if (execution === undefined || execution.endedAt !== null) return {};
  return { Execution: openFields(execution) };
}

function openFields(execution: Execution): Fields {
  const { id, occasion, trigger, reason, revision, stopped } = execution;
  return {
    ExecutionId: id,
    Occasion: occasion,
    Reason: reason,
    Revision: revision,
    Trigger: trigger,
    ...(stopped === null
      ? {}
      : { Stopped: { At: formatInstant(stopped.at), Failures: stopped.failures } }),
  };
}
