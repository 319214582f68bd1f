/** An SSM document after parsing (schemaVersion 1.2, 2.0, 2.2), one list of steps whatever the version. */
import type { BlobId, Digest, DocumentName } from './brand.ts';
import type { Json, JsonObject } from './json.ts';

export type ParameterType =
  | 'String'
  | 'StringList'
  | 'Integer'
  | 'Boolean'
  | 'MapList'
  | 'StringMap';

export type ParameterDefinition = {
  readonly name: string;
  readonly type: ParameterType;
  readonly description: string;
  /** Undefined makes the parameter required. */
  readonly default: Json | undefined;
  readonly allowedValues: readonly string[] | null;
  readonly allowedPattern: string | null;
  readonly minItems: number | null;
  readonly maxItems: number | null;
  readonly minChars: number | null;
  readonly maxChars: number | null;
  /** Anything but ENV_VAR is textual, as the language says. */
  readonly interpolationType: 'TEXT' | 'ENV_VAR';
};

export type Step = {
  readonly name: string;
  readonly action: string;
  /** A map; or a list of maps: the action once per element (1.2 `properties`). Null when there are none. */
  readonly inputs: Json;
  readonly precondition: { readonly [operator: string]: readonly string[] } | null;
  /** Where the step stands in its file, for problems found later. */
  readonly place: { readonly line: number; readonly column: number; readonly pointer: string };
};

/** 2.0.1 to 2.0.3 are found inside old packages and mean 2.0. */
export type SchemaVersion = '1.2' | '2.0' | '2.0.1' | '2.0.2' | '2.0.3' | '2.2';

export type Document = {
  readonly schemaVersion: SchemaVersion;
  readonly description: string;
  readonly parameters: ReadonlyMap<string, ParameterDefinition>;
  readonly steps: readonly Step[];
  /** As read, ready for canonical JSON: what travels to nodes and what the digest is of. */
  readonly content: JsonObject;
  readonly digest: Digest;
};

/** A document of the repository or of the program's library, with the number people see. */
export type CatalogDocument = {
  readonly name: DocumentName;
  /** Pinned numbers of `documents/<Name>/<n>.yaml`; null for a single file, whose number is a counter. */
  readonly number: number | null;
  readonly document: Document;
  readonly origin: 'repository' | 'library';
  readonly file: string;
  readonly blob: BlobId | null;
};
