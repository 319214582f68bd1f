/**
 * Compliance in the shapes of AWS's List… answers (spec/state-manager.md §6.4), and back. Types, statuses and severities
 * are enumerated or have passed their grammar; titles and details are the node's, and stand in JSON only.
 */
import { isComplianceType } from '../document/put-compliance.ts';
import type { AssociationName } from '../model/brand.ts';
import { formatInstant, isAssociationName, isRunId } from '../model/brand.ts';
import type {
  ComplianceExecutionSummary,
  ComplianceItem,
  ItemCounts,
  ReportedItem,
  SeverityCounts,
  TypeCompliance,
} from '../model/compliance.ts';
import { itemSeverities, totalOf } from '../model/compliance.ts';
import type { JsonObject } from '../model/json.ts';
import type { TypeStanding } from '../model/standing.ts';
import {
  idIn,
  instantIn,
  numberIn,
  objectIn,
  objectsIn,
  tagsIn,
  textIn,
  wordIn,
} from './read-fields.ts';

type Fields = { readonly [key: string]: unknown };

const severityKeys = {
  CRITICAL: 'CriticalCount',
  HIGH: 'HighCount',
  MEDIUM: 'MediumCount',
  LOW: 'LowCount',
  INFORMATIONAL: 'InformationalCount',
  UNSPECIFIED: 'UnspecifiedCount',
} as const;

/** Without zeros. */
const severitySummary = (counts: SeverityCounts): { readonly [severity: string]: number } =>
  Object.fromEntries(
    itemSeverities.flatMap((each) =>
      counts[each] === 0 ? [] : [[severityKeys[each], counts[each]]],
    ),
  );

/** `CompliantSummary` and `NonCompliantSummary`, of items or of resources. */
export const summaryFields = ({ COMPLIANT, NON_COMPLIANT }: ItemCounts) => ({
  CompliantSummary: {
    CompliantCount: totalOf(COMPLIANT),
    SeveritySummary: severitySummary(COMPLIANT),
  },
  NonCompliantSummary: {
    NonCompliantCount: totalOf(NON_COMPLIANT),
    SeveritySummary: severitySummary(NON_COMPLIANT),
  },
});

/** `ResourceComplianceSummaryItem`, less who it is about. */
export function typeFields(type: TypeStanding, reported: TypeCompliance | undefined): Fields {
  const { complianceType, status, overallSeverity, counts, executionSummary } = type;
  return {
    ComplianceType: complianceType,
    Status: status,
    OverallSeverity: overallSeverity,
    ...summaryFields(counts),
    ...(executionSummary === null ? {} : { ExecutionSummary: executionFields(executionSummary) }),
    ...(reported === undefined
      ? {}
      : {
          AssociationName: reported.association,
          RunId: reported.run,
          ...(reported.itemContentHash === '' ? {} : { ItemContentHash: reported.itemContentHash }),
        }),
  };
}

function executionFields({
  executionTime,
  executionId,
  executionType,
}: ComplianceExecutionSummary): Fields {
  return {
    ExecutionTime: formatInstant(executionTime),
    ...(executionId === '' ? {} : { ExecutionId: executionId }),
    ...(executionType === '' ? {} : { ExecutionType: executionType }),
  };
}

/** `ComplianceItem`, one line each. */
export const itemFields = (complianceType: string, item: ComplianceItem): Fields => ({
  ComplianceType: complianceType,
  ...(item.id === '' ? {} : { Id: item.id }),
  ...contentFields(item),
});

const contentFields = ({
  status,
  severity,
  title,
  details,
}: Omit<ComplianceItem, 'id'>): Fields => ({
  Status: status,
  Severity: severity,
  ...(title === '' ? {} : { Title: title }),
  ...(Object.keys(details).length === 0 ? {} : { Details: details }),
});

/** The item of a MANUAL association, in its line. */
export const reportedFields = (item: ReportedItem): Fields => ({
  ...contentFields(item),
  ExecutionSummary: executionFields(item.executionSummary),
  RunId: item.run,
});

// --- and back -------------------------------------------------------------------------------------------------

export function readTypes(file: JsonObject): readonly TypeCompliance[] {
  const items = objectsIn(file, 'ComplianceItems');
  return objectsIn(file, 'Compliance').flatMap((line) => {
    const type = readType(line);
    if (type === null) return [];
    const own = items.filter((item) => textIn(item, 'ComplianceType') === type.complianceType);
    return [{ ...type, items: own.flatMap((item) => readItem(item) ?? []) }];
  });
}

/** Null for Association, whose items stand with the associations. */
function readType(line: JsonObject): TypeCompliance | null {
  const complianceType = textIn(line, 'ComplianceType') ?? '';
  const association: AssociationName | null = idIn(line, 'AssociationName', isAssociationName);
  const run = idIn(line, 'RunId', isRunId);
  const executionSummary = readExecution(objectIn(line, 'ExecutionSummary'));
  if (!isComplianceType(complianceType) || association === null || run === null) return null;
  if (executionSummary === null) return null;
  const counts = {
    COMPLIANT: readCounts(objectIn(line, 'CompliantSummary')),
    NON_COMPLIANT: readCounts(objectIn(line, 'NonCompliantSummary')),
  };
  const itemContentHash = textIn(line, 'ItemContentHash') ?? '';
  return { complianceType, association, run, executionSummary, itemContentHash, counts, items: [] };
}

function readCounts(summary: JsonObject | null): SeverityCounts {
  const severities = summary === null ? null : objectIn(summary, 'SeveritySummary');
  const count = (key: string): number =>
    severities === null ? 0 : Math.max(0, numberIn(severities, key) ?? 0);
  return {
    CRITICAL: count('CriticalCount'),
    HIGH: count('HighCount'),
    MEDIUM: count('MediumCount'),
    LOW: count('LowCount'),
    INFORMATIONAL: count('InformationalCount'),
    UNSPECIFIED: count('UnspecifiedCount'),
  };
}

function readExecution(object: JsonObject | null): ComplianceExecutionSummary | null {
  const executionTime = object === null ? null : instantIn(object, 'ExecutionTime');
  if (object === null || executionTime === null) return null;
  return {
    executionTime,
    executionId: textIn(object, 'ExecutionId') ?? '',
    executionType: textIn(object, 'ExecutionType') ?? '',
  };
}

function readItem(line: JsonObject): ComplianceItem | null {
  const status = wordIn(line, 'Status', ['COMPLIANT', 'NON_COMPLIANT']);
  const severity = wordIn(line, 'Severity', itemSeverities);
  if (status === null || severity === null) return null;
  const [id, title] = [textIn(line, 'Id') ?? '', textIn(line, 'Title') ?? ''];
  return { id, title, status, severity, details: tagsIn(line, 'Details') ?? {} };
}

export function readReported(line: JsonObject | null): ReportedItem | null {
  const item = line === null ? null : readItem(line);
  const executionSummary = line === null ? null : readExecution(objectIn(line, 'ExecutionSummary'));
  const run = line === null ? null : idIn(line, 'RunId', isRunId);
  if (item === null || executionSummary === null || run === null) return null;
  const { id: _, ...content } = item;
  return { ...content, executionSummary, run };
}
