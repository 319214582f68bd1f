/** An association as we work with it: names branded, defaults filled, durations in ms. The file's shape is generated. */

import type { Schedule } from '../schedule/schedule.ts';
import type { Group as SelectorGroup, Target } from '../selector/target.ts';
import type { AssociationName, BlobId, Digest, DocumentName } from './brand.ts';
import type { JsonObject } from './json.ts';

export type ComplianceSeverity = 'CRITICAL' | 'HIGH' | 'MEDIUM' | 'LOW' | 'UNSPECIFIED';

/** `10` or `10%`: an absolute number of targets, or a share of the current target set. */
export type RateLimit =
  | { readonly kind: 'count'; readonly count: number }
  | { readonly kind: 'percent'; readonly percent: number };

export type DocumentVersion =
  | { readonly kind: 'default' }
  | { readonly kind: 'latest' }
  | { readonly kind: 'number'; readonly number: number }
  | { readonly kind: 'name'; readonly name: string };

export type OutputLocation = {
  readonly bucket: string;
  readonly region: string | null;
  readonly keyPrefix: string;
};

export type Association = {
  readonly name: AssociationName;
  readonly document: DocumentName;
  readonly documentVersion: DocumentVersion;
  /** As written: every value is a list of texts (AWS's map<string, list<string>>). */
  readonly parameters: { readonly [name: string]: readonly string[] };
  readonly targets: readonly Target[];
  /** Null: no schedule, runs once and at edits. */
  readonly schedule: Schedule | null;
  readonly applyOnlyAtCronInterval: boolean;
  /** Runs start only while every one of these is open (`core/calendar`). */
  readonly calendarNames: readonly string[];
  readonly maxConcurrency: RateLimit;
  readonly maxErrors: RateLimit;
  readonly complianceSeverity: ComplianceSeverity;
  readonly syncCompliance: 'AUTO' | 'MANUAL';
  readonly outputLocation: OutputLocation | null;
  readonly tags: { readonly [key: string]: string };
  readonly startingDeadlineMs: number;
  readonly timeoutMs: number | null;
  readonly onInterrupted: 'Report' | 'Retry';
  /** Where it stands, for reasons and reports. */
  readonly file: string;
  readonly line: number;
  readonly blob: BlobId;
  /** Digest of the whole definition as written (comments and key order aside). */
  readonly digest: Digest;
};

/** A named target query under `groups/`. */
export type Group = SelectorGroup & { readonly file: string };

/** A Parameter Store entry under `parameters/`. */
export type Parameter = {
  readonly name: string;
  readonly type: 'String' | 'StringList';
  readonly value: string;
  readonly version: number;
  readonly labels: readonly string[];
  readonly file: string;
};
export type { JsonObject };
