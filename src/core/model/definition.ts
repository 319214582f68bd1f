/** An association with everything it refers to resolved in one revision: what a run of it would execute. */
import type { Association } from './association.ts';
import type { Digest } from './brand.ts';
import type { CatalogDocument } from './document.ts';
import type { JsonObject } from './json.ts';

export type AssociationDigests = {
  /** What a node would execute: document, effective parameters, output location (contract §5, Generation). */
  readonly generation: Digest;
  /** The three that make the generation, to say which of them changed. */
  readonly document: Digest;
  readonly parameters: Digest;
  /** Parameters with their references unresolved: where only `parameters` differs, a value in the Parameter Store does. */
  readonly written: Digest;
  readonly output: Digest;
  /** Expression, offset, zone and ApplyOnlyAtCronInterval. */
  readonly schedule: Digest;
  readonly targets: Digest;
  /** Everything in the definition. */
  readonly whole: Digest;
};

export type Definition = {
  readonly association: Association;
  readonly document: CatalogDocument;
  /** The number people see: pinned, or the counter over accepted contents (filled in by the plan). */
  readonly documentNumber: number | null;
  /** Values by declared type, defaults included, `{{ssm:…}}` references unresolved. */
  readonly parameters: JsonObject;
  /** Parameter Store references that occur in parameters or document: as written → value, or armored ciphertext. */
  readonly parameterStore: {
    readonly [reference: string]: {
      readonly type: 'String' | 'StringList' | 'SecureString';
      readonly value: string;
    };
  };
  /** Documents that the document includes by name, each as the step names it. */
  readonly includes: readonly {
    readonly reference: string;
    readonly document: CatalogDocument;
  }[];
  readonly digests: AssociationDigests;
  /** Longest a run can take, ms: the sum of its steps' time-outs, or TimeoutSeconds. */
  readonly timeoutBudgetMs: number;
};
