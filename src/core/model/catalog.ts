/** One revision, loaded: everything valid in it, everything wrong with it, and what stays in force from before. */

import type { Association, Group, Parameter } from './association.ts';
import type { AssociationName, BlobId, CommitId, NodeId } from './brand.ts';
import type { Calendar } from './calendar.ts';
import type { CatalogDocument } from './document.ts';
import type { Activation, NodeFile } from './node.ts';
import type { Problem } from './problem.ts';

/** `documents/<Name>.yaml`, or `documents/<Name>/` with numbers and metadata. */
export type DocumentFamily = {
  readonly versions: readonly CatalogDocument[];
  readonly default: CatalogDocument;
  readonly latest: CatalogDocument;
  readonly byVersionName: ReadonlyMap<string, CatalogDocument>;
};

/** `reconciled.yaml` with defaults filled in. */
export type RepositorySettings = {
  readonly defaults: {
    readonly timezone: string;
    readonly maxConcurrency: string;
    readonly maxErrors: string;
  };
  readonly strict: 'aws' | 'off';
  readonly triggers: {
    /** A new value in the Parameter Store runs what refers to it at once (T7; advice H-4). */
    readonly parameterValues: boolean;
  };
  readonly guards: {
    /** Percent of associations a revision may remove, or `minAssociations`, whichever is more. */
    readonly maxRemovedAssociationsPercent: number;
    readonly minRemovedAssociations: number;
    readonly maxRemovedNodesPercent: number;
    readonly minRemovedNodes: number;
    /** Null: off. */
    readonly maxAffectedNodes: number | null;
  };
};

export type Catalog = {
  readonly commit: CommitId | null;
  readonly settings: RepositorySettings;
  readonly associations: ReadonlyMap<AssociationName, Association>;
  readonly documents: ReadonlyMap<string, DocumentFamily>;
  readonly nodes: ReadonlyMap<NodeId, NodeFile>;
  readonly activations: ReadonlyMap<string, Activation>;
  readonly groups: ReadonlyMap<string, Group>;
  readonly parameters: ReadonlyMap<string, Parameter>;
  /** By name, which `CalendarNames` names. */
  readonly calendars: ReadonlyMap<string, Calendar>;
  readonly problems: readonly Problem[];
  /**
   * Files whose newest content is not in force: with errors of their own, held back by another file, or removed while
   * still needed. The last good content (if there ever was one) is what the maps above hold.
   */
  readonly invalid: ReadonlyMap<string, { readonly lastGood: BlobId | null }>;
  /** Path → blob in force: what the next load is handed as last good. */
  readonly files: ReadonlyMap<string, BlobId>;
  /** Names with `Validity: Invalid`, and why: the file itself, or one it stands on, is not as written. */
  readonly invalidAssociations: ReadonlyMap<AssociationName, string>;
};
