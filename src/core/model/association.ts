/** An association as we work with it: names branded, defaults filled, durations in ms. The file's shape is generated. */

import type { Schedule } from '../schedule/schedule.ts';
import type { Group as SelectorGroup, Target } from '../selector/target.ts';
import type { AssociationName, BlobId, Digest, DocumentName, Instant } from './brand.ts';
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

/** Starts nothing until it ends by itself; somebody is named. */
export type Suspend = {
  readonly reason: string;
  readonly owner: string;
  readonly until: Instant;
};

/** A step of a rollout: nodes that take a new generation together. */
export type Ring = {
  /** For people; null: its number says it. */
  readonly name: string | null;
  readonly targets: readonly Target[];
  /** Between its last end and the start of the next ring. */
  readonly soakMs: number;
  /** Failures tolerated among its nodes; null: as the association tolerates. */
  readonly maxErrors: RateLimit | null;
};

/** The alarm, by its name in the daemon's configuration, that keeps runs from starting while it rings. */
export type AlarmGate = {
  readonly name: string;
  /** Go on when its state cannot be read. */
  readonly ignorePollFailure: boolean;
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
  /** How long an execution may last before it is cancelled; null: as long as it takes. */
  readonly durationMs: number | null;
  readonly alarm: AlarmGate | null;
  /** Associations that must have succeeded on the node before. */
  readonly dependsOn: readonly AssociationName[];
  readonly suspend: Suspend | null;
  /** In order; empty: a new generation goes to all targets at once. Nodes of no ring come last. */
  readonly rings: readonly Ring[];
  readonly timeoutMs: number | null;
  readonly onInterrupted: 'Report' | 'Retry';
  /** Keys of AWS that are written, kept and without their whole effect here; sorted. */
  readonly notEffective: readonly string[];
  /** Where it stands, for reasons and reports. */
  readonly file: string;
  readonly line: number;
  readonly blob: BlobId;
  /** Digest of the whole definition as written (comments and key order aside). */
  readonly digest: Digest;
};

/** The parameter through which a document learns for which association it reports (spec/state-manager.md, appendix G). */
export const ID_PARAMETER = 'AssociationId';

/** A MANUAL association that does not say otherwise reports for itself: the daemon fills its id in when a job is built. */
export const reportsForItself = ({
  syncCompliance,
  parameters,
}: Pick<Association, 'syncCompliance' | 'parameters'>): boolean =>
  syncCompliance === 'MANUAL' && (parameters[ID_PARAMETER] ?? []).length === 0;

/** A named target query under `groups/`. */
export type Group = SelectorGroup & { readonly file: string };

/** A Parameter Store entry under `parameters/`. */
export type Parameter = {
  readonly name: string;
  readonly type: 'String' | 'StringList' | 'SecureString';
  /** Of a SecureString the ciphertext, in its one spelling. */
  readonly value: string;
  readonly version: number;
  readonly labels: readonly string[];
  /** Earlier versions that can still be asked for. */
  readonly history: readonly ParameterVersion[];
  readonly file: string;
};

export type ParameterVersion = {
  readonly version: number;
  readonly value: string;
  readonly labels: readonly string[];
};
export type { JsonObject };
