/**
 * `nodes/<xx>/<node-id>.json`: who the node is, and every association on it in a line of its own. Nothing in it moves
 * with a heartbeat: it changes when a status, a reason or a generation does.
 */
import type { Instant, NodeId } from '../model/brand.ts';
import { formatInstant, instant } from '../model/brand.ts';
import type { LastSeenFacts, Tags } from '../model/node.ts';
import type { AssignmentStanding, Waiting } from '../model/standing.ts';
import type { LastOutcome, State } from '../model/state.ts';
import { noNodeCompliance } from '../model/state.ts';
import { itemFields, reportedFields, typeFields } from './compliance-json.ts';
import { capBytes } from './escape.ts';
import { linedJson } from './lined-json.ts';
import { outcomeFields, owedFields } from './outcome-json.ts';
import { NAME_BYTES_MAX } from './state-file.ts';
import type { ReportView } from './view.ts';

export const NODE_FORMAT_VERSION = 1;

const FACT_BYTES_MAX = 128;
const WHY_BYTES_MAX = 500;
/** An `until` is rounded up to this, so that a moving guess does not rewrite the file. */
const UNTIL_STEP_MS = 60_000;

type Fields = { [key: string]: unknown };

/** Null when nobody knows the node any more: its file goes. */
export function nodeFile(view: ReportView, id: NodeId): string | null {
  const identity = identityFields(view, id);
  if (identity === null) return null;
  const standings = view.standings.of(id);
  return linedJson({
    ...identity,
    ...standingFields(view, id),
    ...platformFields(view.state.nodes.get(id)?.facts ?? null),
    Associations: standings.map((standing) => associationLine(view.state, standing)),
    ...complianceFields(view, id),
    FormatVersion: NODE_FORMAT_VERSION,
    NodeId: id,
  });
}

/** The registration as it was made, and in plain sight where a node file says otherwise. */
function identityFields(view: ReportView, id: NodeId): Fields | null {
  const node = view.nodes.get(id);
  const registration = view.state.registrations.get(id);
  const revoked = view.state.revoked.get(id);
  const file = view.catalog.nodes.get(id);
  if (node === undefined && registration === undefined && revoked === undefined) return null;
  const fields: Fields = {};
  const name = node?.name ?? registration?.name;
  const publicKey = node?.publicKey ?? registration?.publicKey;
  const tags = node?.tags ?? registration?.tags;
  if (name !== undefined) fields['Name'] = capBytes(name, NAME_BYTES_MAX);
  if (publicKey !== undefined) fields['PublicKey'] = publicKey;
  if (tags !== undefined) fields['Tags'] = tags;
  const nodeFilePath = node?.file ?? file?.file ?? null;
  if (nodeFilePath !== null) fields['File'] = nodeFilePath;
  if (registration !== undefined) {
    fields['ActivationId'] = registration.activationId;
    fields['RegisteredAt'] = formatInstant(registration.at);
    if (registration.name !== name) {
      fields['RegisteredName'] = capBytes(registration.name, NAME_BYTES_MAX);
    }
    if (registration.publicKey !== publicKey) {
      fields['RegisteredPublicKey'] = registration.publicKey;
    }
    if (!sameTags(registration.tags, tags ?? {})) fields['RegisteredTags'] = registration.tags;
  }
  if (revoked !== undefined) {
    fields['Revoked'] = { At: formatInstant(revoked.at), By: capBytes(revoked.by, FACT_BYTES_MAX) };
  } else if (file?.revoked === true) fields['Revoked'] = { By: file.file };
  return fields;
}

const sameTags = (a: Tags, b: Tags): boolean => {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
};

function standingFields(view: ReportView, id: NodeId): Fields {
  const standing = view.standings.nodes.get(id);
  if (standing === undefined) return {};
  const { silent, status, counts, compliance } = standing;
  return {
    ...(status === null
      ? {}
      : {
          AssociationStatus: status,
          AssociationOverview: { InstanceAssociationStatusAggregatedCount: counts },
        }),
    ...(compliance === null ? {} : { ComplianceStatus: compliance }),
    ...(silent === null
      ? {}
      : { Silent: silent.since === null ? {} : { Since: formatInstant(silent.since) } }),
  };
}

/** By type, then the items that documents reported: those of associations stand in their lines. */
function complianceFields(view: ReportView, id: NodeId): Fields {
  const types = view.standings.nodes.get(id)?.types ?? [];
  const { types: reported, refused } = view.state.nodes.get(id)?.compliance ?? noNodeCompliance();
  const items = types.flatMap(({ complianceType }) =>
    (reported.get(complianceType)?.items ?? []).map((item) => itemFields(complianceType, item)),
  );
  return {
    ...(types.length === 0
      ? {}
      : { Compliance: types.map((type) => typeFields(type, reported.get(type.complianceType))) }),
    ...(items.length === 0 ? {} : { ComplianceItems: items }),
    ...(refused.length === 0
      ? {}
      : {
          ComplianceRefused: refused.map(({ code, file, why }) => ({
            Code: code,
            ...(file === '' ? {} : { File: file }),
            Why: capBytes(why, WHY_BYTES_MAX),
          })),
        }),
  };
}

/** What the node says of itself. The boot id is left out: a reboot is no news. */
function platformFields(facts: LastSeenFacts | null): Fields {
  if (facts === null) return {};
  return {
    Platform: {
      AgentVersion: capBytes(facts.agentVersion, FACT_BYTES_MAX),
      Architecture: capBytes(facts.architecture, FACT_BYTES_MAX),
      ComputerName: capBytes(facts.hostname, NAME_BYTES_MAX),
      PlatformName: capBytes(facts.platformName, FACT_BYTES_MAX),
      PlatformType: capBytes(facts.platformType, FACT_BYTES_MAX),
      PlatformVersion: capBytes(facts.platformVersion, FACT_BYTES_MAX),
    },
  };
}

function associationLine(state: State, standing: AssignmentStanding): Fields {
  const { association, status, detailedStatus, compliance, severity, owed, waiting } = standing;
  const inForce = state.associations.get(association)?.digests.generation ?? null;
  const line: Fields = { AssociationName: association, Status: status };
  if (detailedStatus !== status) line['DetailedStatus'] = detailedStatus;
  if (compliance !== null) line['ComplianceStatus'] = compliance;
  if (severity !== 'UNSPECIFIED') line['ComplianceSeverity'] = severity;
  if (standing.item !== null) line['ComplianceItem'] = reportedFields(standing.item);
  if (waiting !== null) line['Pending'] = pendingFields(waiting);
  if (owed !== null) Object.assign(line, owedFields(owed, inForce));
  else if (status !== 'Pending' && standing.outcome !== null) {
    Object.assign(line, outcomeFields(standing.outcome, inForce));
  }
  const before = outcomeBefore(standing);
  if (before !== null) {
    const { status: Status, detailedStatus: DetailedStatus } = before.outcome;
    line['Last'] = {
      Status,
      ...(DetailedStatus === Status ? {} : { DetailedStatus }),
      ...outcomeFields(before, inForce),
    };
  }
  return line;
}

/** What compliance still rests on, when `Status` speaks of something else. */
function outcomeBefore({ status, outcome, applied }: AssignmentStanding): LastOutcome | null {
  if (outcome?.outcome.status === 'Skipped') return applied;
  return status === 'Pending' ? outcome : null;
}

export function pendingFields({ reason, until, detail }: Waiting): Fields {
  const isOwn = reason === 'busy' || (reason === 'schedule' && until === null);
  return {
    Reason: reason,
    ...(until === null ? {} : { Until: formatInstant(rounded(until)) }),
    // Of the others the detail stands with the association.
    ...(isOwn && detail !== undefined ? { Detail: detail } : {}),
  };
}

const rounded = (until: Instant): Instant =>
  instant(Math.ceil(until / UNTIL_STEP_MS) * UNTIL_STEP_MS);
