/** What one file says by itself, before the others are looked at: plain data, so that a worker can send it. */

import type { CalendarContent } from '../calendar/read-calendar.ts';
import type { Parameter } from '../model/association.ts';
import type { BlobId, Digest } from '../model/brand.ts';
import type { RepositorySettings } from '../model/catalog.ts';
import type { Document } from '../model/document.ts';
import type { Activation, NodeFile } from '../model/node.ts';
import type { Problem } from '../model/problem.ts';
import type { AssociationFile } from '../model/schemas.gen.ts';
import type { Group as GroupQuery } from '../selector/target.ts';
import type { Place, Places } from './spots.ts';

export type ParsedFile = {
  readonly path: string;
  readonly blob: BlobId;
  readonly bytes: number;
  /** Null exactly when one of the problems is an error. */
  readonly content: FileContent | null;
  readonly problems: readonly Problem[];
  /** Names of associations that the text seems to define, also when it cannot be read. */
  readonly claims: readonly string[];
  /** Of a file with errors: what can be judged all the same, so that every problem is told at once. */
  readonly remains: readonly Remains[];
};

/** An association of which some keys are wrong: `left` are the pointers of those that had to be left out. */
export type Remains = { readonly draft: AssociationDraft; readonly left: readonly string[] };

export type FileContent =
  | { readonly kind: 'settings'; readonly settings: RepositorySettings }
  | { readonly kind: 'ignore'; readonly text: string }
  | { readonly kind: 'associations'; readonly drafts: readonly AssociationDraft[] }
  | {
      readonly kind: 'document';
      readonly name: string;
      readonly number: number | null;
      readonly document: Document;
    }
  | {
      readonly kind: 'document-metadata';
      readonly name: string;
      readonly metadata: DocumentMetadata;
      readonly places: Places;
    }
  | { readonly kind: 'nodes'; readonly entries: readonly Placed<NodeFile>[] }
  | { readonly kind: 'activations'; readonly entries: readonly Placed<Activation>[] }
  | { readonly kind: 'groups'; readonly entries: readonly Placed<GroupQuery>[] }
  | { readonly kind: 'parameters'; readonly entries: readonly Placed<Parameter>[] }
  | { readonly kind: 'calendar'; readonly name: string; readonly calendar: CalendarContent };

export type Placed<Value> = { readonly value: Value; readonly place: Place };

/** An association whose shape is right; what it means depends on settings and documents. */
export type AssociationDraft = {
  /** With the schema's defaults. */
  readonly definition: AssociationFile;
  /** Keys that stand in the file. */
  readonly written: readonly string[];
  /** Of what stands in the file: comments, order and defaults aside. */
  readonly digest: Digest;
  readonly places: Places;
};

export type DocumentMetadata = {
  readonly defaultVersion: number | null;
  readonly names: readonly { readonly number: number; readonly name: string }[];
};
