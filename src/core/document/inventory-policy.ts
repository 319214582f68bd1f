/** `aws:softwareInventory`: what a node is asked to gather, or AWS's text for what is wrong. @see spec/documents.md §§4.5, 7.1, 7.2 */
import type { Json, JsonObject } from '../model/json.ts';
import { isJsonObject } from '../model/json.ts';
import type { Result } from '../model/result.ts';
import { err, ok } from '../model/result.ts';
import { inputOf } from './inputs.ts';
import { readJson } from './read-json.ts';
import { toJson } from './source.ts';

/** Inputs that are switches: `Enabled` gathers the type, every other text does not. */
const SWITCHES = {
  applications: 'AWS:Application',
  awsComponents: 'AWS:AWSComponent',
  billingInfo: 'AWS:BillingInfo',
  customInventory: 'Custom:*',
  instanceDetailedInformation: 'AWS:InstanceDetailedInformation',
  networkConfig: 'AWS:Network',
  services: 'AWS:Service',
  windowsRoles: 'AWS:WindowsRole',
  windowsUpdates: 'AWS:WindowsUpdate',
} as const;

export type InventoryType = (typeof SWITCHES)[keyof typeof SWITCHES];

export type FileFilter = {
  readonly path: string;
  /** Shell patterns on the base name. */
  readonly patterns: readonly string[];
  readonly isRecursive: boolean;
  /** Most folders to look into: 5,000, or fewer. */
  readonly dirScanLimit: number;
};

export type InventoryPolicy = {
  readonly types: readonly InventoryType[];
  readonly files: readonly FileFilter[];
  /** The filters as they were written: no node here has a registry. */
  readonly windowsRegistry: readonly JsonObject[];
  /** '' is the node's own folder. */
  readonly customInventoryDirectory: string;
};

const DIR_SCAN_LIMIT = 5_000;
const UNRECOGNIZED = 'invalid or unrecognized input was received for aws:softwareInventory plugin';

/** Names match whatever their case. Each input is a text; what is written otherwise is refused, not read as off. */
export function inventoryPolicy(inputs: JsonObject): Result<InventoryPolicy, string> {
  const texts = new Map<string, string>();
  for (const name of [
    ...Object.keys(SWITCHES),
    ...['files', 'windowsRegistry', 'customInventoryDirectory'],
    ...['changeDetectionFrequency', 'changeDetectionTypes'],
  ]) {
    const value = inputOf(inputs, name) ?? '';
    if (typeof value !== 'string') return err(UNRECOGNIZED);
    texts.set(name, value);
  }
  const text = (name: string): string => texts.get(name) ?? '';
  const files = filterList(text('files'));
  const registry = filterList(text('windowsRegistry'));
  const filters = files?.map(fileFilter);
  if (registry === null || filters?.includes(null) !== false) return err(UNRECOGNIZED);
  return ok({
    types: Object.entries(SWITCHES).flatMap(([name, type]) =>
      text(name) === 'Enabled' ? [type] : [],
    ),
    files: filters.filter((filter) => filter !== null),
    windowsRegistry: registry,
    customInventoryDirectory: text('customInventoryDirectory'),
  });
}

/** Null when it is no JSON list of objects. */
function filterList(text: string): readonly JsonObject[] | null {
  if (text.trim() === '') return [];
  const { root } = readJson(text);
  const value: Json = root === null ? null : toJson(root);
  return Array.isArray(value) && value.every(isJsonObject) ? value : null;
}

function fileFilter(filter: JsonObject): FileFilter | null {
  const path = inputOf(filter, 'Path') ?? '';
  const patterns = inputOf(filter, 'Pattern') ?? [];
  const recursive = inputOf(filter, 'Recursive') ?? false;
  const limit = inputOf(filter, 'DirScanLimit') ?? DIR_SCAN_LIMIT;
  if (typeof path !== 'string' || typeof recursive !== 'boolean') return null;
  if (typeof limit !== 'number' || !Number.isInteger(limit)) return null;
  if (!Array.isArray(patterns)) return null;
  const texts = patterns.filter((one) => typeof one === 'string');
  if (texts.length < patterns.length) return null;
  const dirScanLimit = limit > 0 ? Math.min(limit, DIR_SCAN_LIMIT) : DIR_SCAN_LIMIT;
  return { path, patterns: texts, isRecursive: recursive, dirScanLimit };
}
