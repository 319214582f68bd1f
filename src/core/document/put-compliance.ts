/**
 * A text in the shape of `PutComplianceItems`, as a document's script leaves it, checked to the letter of
 * spec/state-manager.md §6.3. Whatever is wrong has the name AWS gives it; unknown keys are refused, since a misspelt one
 * would be lost without a word.
 */

import type { Instant, NodeId } from '../model/brand.ts';
import { instant, parseInstant } from '../model/brand.ts';
import type {
  ComplianceItem,
  CompliancePut,
  ComplianceReport,
  ItemSeverity,
  PutRefusal,
  RefusedPut,
} from '../model/compliance.ts';
import {
  ASSOCIATION_TYPE,
  countItems,
  itemSeverities,
  NODE_ITEMS_BYTES_MAX,
  severityRank,
} from '../model/compliance.ts';
import type { Json, JsonObject } from '../model/json.ts';
import { isJsonObject } from '../model/json.ts';
import type { Result } from '../model/result.ts';
import { err, ok } from '../model/result.ts';
import { nearest } from './nearest.ts';

const ITEMS_MAX = 10_000;
/** AWS names the error and no number. */
const ITEM_BYTES_MAX = 8 * 1024;
/** Characters of one file: 10,000 items of 400. */
export const PUT_TEXT_MAX = 4 * 1024 * 1024;
/** Files that one step may leave; further ones wait for the next. */
export const PUTS_PER_STEP_MAX = 32;

/** AWS's grammar, less types that are neither AWS's nor marked as one's own. */
export const isComplianceType = (text: string): boolean =>
  /^(Association|Patch|Custom:[A-Za-z0-9_-]\w+)$/.test(text);

type Refusal = Omit<RefusedPut, 'file'>;

class Refused extends Error {
  readonly refusal: Refusal;
  constructor(code: PutRefusal, why: string) {
    super(why);
    this.refusal = { code, why };
  }
}

/** Never throws for what the text says. */
export function parsePut(text: string, node: NodeId): Result<CompliancePut, Refusal> {
  try {
    return ok(readPut(parseJson(text), node));
  } catch (cause) {
    if (cause instanceof Refused) return err(cause.refusal);
    throw cause;
  }
}

const invalid = (why: string): never => {
  throw new Refused('InvalidItemContentException', why);
};

function parseJson(text: string): JsonObject {
  if (text.length > PUT_TEXT_MAX) {
    throw new Refused('TotalSizeLimitExceededException', `longer than ${PUT_TEXT_MAX} characters`);
  }
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    return invalid('it is no JSON');
  }
  return isJsonObject(value) ? value : invalid('it is no JSON object');
}

const PUT_KEYS = [
  'ResourceId',
  'ResourceType',
  'ComplianceType',
  'ExecutionSummary',
  'Items',
  'ItemContentHash',
  'UploadType',
];

function readPut(put: JsonObject, node: NodeId): CompliancePut {
  refuseUnknown(put, PUT_KEYS, '');
  if (put['ResourceId'] !== node) {
    throw new Refused(
      'InvalidResourceId',
      `ResourceId is not ${node}: a node speaks for itself only`,
    );
  }
  if (put['ResourceType'] !== 'ManagedInstance') {
    throw new Refused('InvalidResourceType', 'ResourceType is not ManagedInstance');
  }
  const complianceType = textIn(put, 'ComplianceType', 1, 100, '');
  if (!isComplianceType(complianceType)) {
    invalid('ComplianceType is not Association, Patch or Custom:<name>');
  }
  const isAssociation = complianceType === ASSOCIATION_TYPE;
  const uploadType = wordIn(put, 'UploadType', ['COMPLETE', 'PARTIAL'], 'COMPLETE');
  if (uploadType === 'PARTIAL' && !isAssociation) {
    invalid('UploadType PARTIAL is for ComplianceType Association');
  }
  const items = readItems(put['Items'], isAssociation);
  const kept = isAssociation ? whole(items) : worstThatFit(items, NODE_ITEMS_BYTES_MAX / 2);
  return {
    complianceType,
    uploadType,
    executionSummary: readSummary(put['ExecutionSummary']),
    itemContentHash: textIn(put, 'ItemContentHash', 0, 256, '', ''),
    items: kept,
    counts: countItems(items),
  };
}

function readSummary(value: Json | undefined): CompliancePut['executionSummary'] {
  if (!isJsonObject(value)) return invalid('ExecutionSummary is missing');
  refuseUnknown(value, ['ExecutionTime', 'ExecutionId', 'ExecutionType'], 'ExecutionSummary.');
  return {
    executionTime: timeOf(value['ExecutionTime']),
    executionId: textIn(value, 'ExecutionId', 0, 100, 'ExecutionSummary.', ''),
    executionType: textIn(value, 'ExecutionType', 0, 50, 'ExecutionSummary.', ''),
  };
}

const YEAR_10000_S = 253_402_300_800;

/** As the command line of AWS takes it: ISO 8601, or seconds since 1970. */
function timeOf(value: Json | undefined): Instant {
  if (typeof value === 'number' && value >= 0 && value < YEAR_10000_S) {
    return instant(Math.floor(value * 1000));
  }
  const time = typeof value === 'string' ? parseInstant(value) : null;
  return time ?? invalid('ExecutionSummary.ExecutionTime is no time, such as 2026-01-31T12:00:00Z');
}

function readItems(value: Json | undefined, isAssociation: boolean): readonly ComplianceItem[] {
  if (!Array.isArray(value)) return invalid('Items is no list');
  if (value.length > ITEMS_MAX) invalid(`more than ${ITEMS_MAX} Items`);
  const seen = new Set<string>();
  return (value as readonly Json[]).map((each, at) => {
    const item = readItem(each, `Items[${at}].`);
    if (item.id === '' && isAssociation) invalid(`Items[${at}].Id is missing`);
    if (item.id !== '' && seen.has(item.id)) invalid(`Items[${at}].Id is there twice`);
    seen.add(item.id);
    return item;
  });
}

function readItem(value: Json, at: string): ComplianceItem {
  if (!isJsonObject(value)) return invalid(`${at.slice(0, -1)} is no object`);
  refuseUnknown(value, ['Id', 'Title', 'Severity', 'Status', 'Details'], at);
  const item: ComplianceItem = {
    id: value['Id'] === undefined ? '' : textIn(value, 'Id', 1, 100, at),
    title: textIn(value, 'Title', 0, 500, at, ''),
    severity: wordIn<ItemSeverity>(value, 'Severity', itemSeverities, null, at),
    status: wordIn(value, 'Status', ['COMPLIANT', 'NON_COMPLIANT'], null, at),
    details: readDetails(value['Details'], at),
  };
  if (bytesOf(item) > ITEM_BYTES_MAX) {
    throw new Refused(
      'ItemSizeLimitExceededException',
      `${at.slice(0, -1)} has more than ${ITEM_BYTES_MAX} bytes`,
    );
  }
  return item;
}

function readDetails(value: Json | undefined, at: string): ComplianceItem['details'] {
  if (value === undefined) return {};
  if (!isJsonObject(value)) return invalid(`${at}Details is no map`);
  const details = Object.entries(value).map(([key, text]) => {
    if (key.length < 1 || key.length > 64)
      invalid(`${at}Details has a key of other than 1 to 64 characters`);
    if (typeof text !== 'string') return invalid(`${at}Details.${key} is no text`);
    if (text.length > 4096) invalid(`${at}Details.${key} is longer than 4096`);
    return [key, text] as const;
  });
  return Object.fromEntries(details);
}

function textIn(
  object: JsonObject,
  key: string,
  min: number,
  max: number,
  at: string,
  fallback?: string,
): string {
  const value = object[key] ?? fallback;
  const isFit = typeof value === 'string' && value.length >= min && value.length <= max;
  return isFit ? value : invalid(`${at}${key} is no text of ${min} to ${max} characters`);
}

function wordIn<Word extends string>(
  object: JsonObject,
  key: string,
  words: readonly Word[],
  fallback: Word | null,
  at = '',
): Word {
  const value = object[key] ?? fallback;
  return (
    words.find((word) => word === value) ?? invalid(`${at}${key} is not one of ${words.join(', ')}`)
  );
}

function refuseUnknown(object: JsonObject, known: readonly string[], at: string): void {
  const stranger = Object.keys(object).find((key) => !known.includes(key));
  if (stranger === undefined) return;
  const near = nearest(stranger, known);
  invalid(
    `${at}${stranger.slice(0, 64)} is no key of it${near === null ? '' : `; did you mean ${near}?`}`,
  );
}

// --- what is kept ---------------------------------------------------------------------------------------------

const bytesOf = (item: ComplianceItem): number => Buffer.byteLength(JSON.stringify(item));

export const bytesOfItems = (items: readonly ComplianceItem[]): number =>
  items.reduce((sum, item) => sum + bytesOf(item), 0);

/** Items that decide an association's compliance are never cut. */
function whole(items: readonly ComplianceItem[]): readonly ComplianceItem[] {
  if (bytesOfItems(items) <= NODE_ITEMS_BYTES_MAX) return items;
  throw new Refused(
    'TotalSizeLimitExceededException',
    `Items have more than ${NODE_ITEMS_BYTES_MAX} bytes`,
  );
}

/** Non-compliant ones first, by severity, then as they were given. */
export function worstThatFit(
  items: readonly ComplianceItem[],
  bytesMax: number,
): readonly ComplianceItem[] {
  let left = bytesMax;
  return [...items].sort(worstFirst).filter((item) => {
    left -= bytesOf(item);
    return left >= 0;
  });
}

const worstFirst = (a: ComplianceItem, b: ComplianceItem): number =>
  Number(a.status === 'COMPLIANT') - Number(b.status === 'COMPLIANT') ||
  severityRank(a.severity) - severityRank(b.severity);

/**
 * What the steps of a run have reported, as one: of several calls for a type the last counts, those for Association add up.
 * Together they fit into a result. Null: nothing was reported.
 */
export function mergeReports(reports: readonly ComplianceReport[]): ComplianceReport | null {
  const puts: CompliancePut[] = [];
  const refused = reports.flatMap((report) => report.refused);
  let left = NODE_ITEMS_BYTES_MAX;
  const all = reports.flatMap((report) => report.puts);
  for (const [at, put] of all.entries()) {
    const { complianceType } = put;
    const isLast = !all.slice(at + 1).some((later) => later.complianceType === complianceType);
    if (complianceType !== ASSOCIATION_TYPE && !isLast) continue;
    const bytes = bytesOfItems(put.items);
    if (complianceType === ASSOCIATION_TYPE && bytes > left) {
      const why = `the reports of one run have more than ${NODE_ITEMS_BYTES_MAX} bytes`;
      refused.push({ code: 'TotalSizeLimitExceededException', file: '', why });
      continue;
    }
    puts.push(bytes <= left ? put : { ...put, items: worstThatFit(put.items, left) });
    left = Math.max(0, left - bytes);
  }
  if (puts.length + refused.length === 0) return null;
  return { puts: puts.slice(0, REPORT_PUTS_MAX), refused: refused.slice(0, REPORT_REFUSED_MAX) };
}

/** Types that can be at once, and calls for Association beside them. */
export const REPORT_PUTS_MAX = 64;
export const REPORT_REFUSED_MAX = 10;
