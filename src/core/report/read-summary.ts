/** `summary.json` read back for the table of `reconciled status`; what is missing in an older one is empty. */

import { isComplianceType } from '../document/put-compliance.ts';
import type { ComplianceSeverity } from '../model/association.ts';
import { isAssociationName, isCommitId, isNodeId } from '../model/brand.ts';
import { itemSeverities } from '../model/compliance.ts';
import type { JsonObject } from '../model/json.ts';
import type { StatusCounts, TargetStatus, Verdict } from '../model/standing.ts';
import { parseObject } from './parse-object.ts';
import { idIn, numberIn, objectIn, objectsIn, textIn, wordIn } from './read-fields.ts';
import type {
  AssociationSummary,
  ComplianceSummary,
  InvalidFile,
  NodeSummary,
  StatusSummary,
} from './summary.ts';

const verdicts: readonly Verdict[] = ['compliant', 'pending', 'silent', 'failing'];
const severities: readonly ComplianceSeverity[] = [
  'CRITICAL',
  'HIGH',
  'MEDIUM',
  'LOW',
  'UNSPECIFIED',
];
const statuses: readonly TargetStatus[] = ['Pending', 'Success', 'Failed', 'Skipped'];

/** Null when it is no summary. */
export function readSummary(text: string): StatusSummary | null {
  const file = parseObject(text);
  const verdict = file === null ? null : wordIn(file, 'verdict', verdicts);
  if (file === null || verdict === null) return null;
  const held = objectIn(file, 'held');
  const paused = objectIn(file, 'paused');
  const unread = objectIn(file, 'unread');
  return {
    formatVersion: numberIn(file, 'formatVersion') ?? 1,
    instance: textIn(file, 'instance') ?? '',
    revision: idIn(file, 'revision', isCommitId),
    verdict,
    paused: paused === null ? null : { by: words(paused, 'by'), at: words(paused, 'at') },
    held:
      held === null
        ? null
        : {
            tip: idIn(held, 'tip', isCommitId),
            code: words(held, 'code'),
            reason: words(held, 'reason'),
          },
    unread: unread === null ? null : { code: words(unread, 'code'), since: words(unread, 'since') },
    contested: file['contested'] === true,
    nodes: nodeCounts(objectIn(file, 'nodes') ?? {}),
    associations: objectsIn(file, 'associations').flatMap(readAssociation),
    compliance: objectsIn(file, 'compliance').flatMap(readCompliance),
    failing: objectsIn(file, 'failing').flatMap(readNode),
    silent: objectsIn(file, 'silent').flatMap(readNode),
    silentTotal: count(file, 'silentTotal'),
    unreported: count(file, 'unreported'),
    invalidFiles: objectsIn(file, 'invalidFiles').flatMap(readInvalidFile),
    invalidFilesTotal: count(file, 'invalidFilesTotal'),
    foreignPaths: texts(file, 'foreignPaths'),
  };
}

const words = (object: JsonObject, key: string): string => textIn(object, key) ?? '';
const count = (object: JsonObject, key: string): number => Math.max(0, numberIn(object, key) ?? 0);

function texts(object: JsonObject, key: string): readonly string[] {
  const list = object[key];
  return Array.isArray(list) ? list.filter((each) => typeof each === 'string') : [];
}

const nodeCounts = (object: JsonObject): StatusSummary['nodes'] => ({
  total: count(object, 'total'),
  compliant: count(object, 'compliant'),
  failing: count(object, 'failing'),
  silent: count(object, 'silent'),
  pending: count(object, 'pending'),
});

function readAssociation(object: JsonObject): AssociationSummary[] {
  const name = idIn(object, 'name', isAssociationName);
  const status = wordIn(object, 'status', ['Pending', 'Success', 'Failed']);
  if (name === null || status === null) return [];
  return [
    {
      name,
      status,
      detailedStatus: textIn(object, 'detailedStatus') ?? status,
      validity: wordIn(object, 'validity', ['Valid', 'Invalid']) ?? 'Valid',
      severity: wordIn(object, 'severity', severities) ?? 'UNSPECIFIED',
      targets: count(object, 'targets'),
      counts: readCounts(objectIn(object, 'counts') ?? {}),
      silent: count(object, 'silent'),
      failing: count(object, 'failing'),
      waiting: readNumbers(objectIn(object, 'waiting') ?? {}),
      hold: textIn(object, 'hold'),
    },
  ];
}

const readCounts = (object: JsonObject): StatusCounts =>
  Object.fromEntries(
    statuses.flatMap((status) => {
      const value = count(object, status);
      return value === 0 ? [] : [[status, value]];
    }),
  );

const readNumbers = (object: JsonObject): { readonly [reason: string]: number } =>
  Object.fromEntries(Object.keys(object).map((reason) => [reason, count(object, reason)]));

function readCompliance(object: JsonObject): ComplianceSummary[] {
  const ComplianceType = words(object, 'ComplianceType');
  if (!isComplianceType(ComplianceType)) return [];
  const compliant = objectIn(object, 'CompliantSummary') ?? {};
  const nonCompliant = objectIn(object, 'NonCompliantSummary') ?? {};
  return [
    {
      ComplianceType,
      CompliantSummary: {
        CompliantCount: count(compliant, 'CompliantCount'),
        SeveritySummary: readNumbers(objectIn(compliant, 'SeveritySummary') ?? {}),
      },
      NonCompliantSummary: {
        NonCompliantCount: count(nonCompliant, 'NonCompliantCount'),
        SeveritySummary: readNumbers(objectIn(nonCompliant, 'SeveritySummary') ?? {}),
      },
    },
  ];
}

function readNode(object: JsonObject): NodeSummary[] {
  const node = idIn(object, 'node', isNodeId);
  if (node === null) return [];
  return [
    {
      node,
      name: textIn(object, 'name') ?? node,
      severity: wordIn(object, 'severity', itemSeverities),
      failing: texts(object, 'failing').filter(isAssociationName),
      failingTotal: count(object, 'failingTotal'),
      nonCompliantTypes: texts(object, 'nonCompliantTypes').filter(isComplianceType),
      silentSince: textIn(object, 'silentSince'),
    },
  ];
}

function readInvalidFile(object: JsonObject): InvalidFile[] {
  const file = textIn(object, 'file');
  if (file === null) return [];
  const problems = objectsIn(object, 'problems').map((problem) => ({
    line: count(problem, 'line'),
    column: count(problem, 'column'),
    code: words(problem, 'code'),
    message: words(problem, 'message'),
    hint: words(problem, 'hint'),
  }));
  return [{ file, lastGoodInForce: object['lastGoodInForce'] === true, problems }];
}
