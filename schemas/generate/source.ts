/** The schema files as the generator reads them. */
import { readdirSync, readFileSync } from 'node:fs';

/** The few keywords the generator itself looks at; everything else is passed on. */
export type Schema = {
  readonly $id?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly required?: readonly string[];
  readonly properties?: { readonly [name: string]: Schema };
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
  readonly $ref?: string;
  readonly $defs?: { readonly [name: string]: Schema };
  readonly pattern?: string;
  /** The pattern in words. */
  readonly 'x-form'?: string;
  /** `kept`: part of the definition, but for what `x-missing` names. */
  readonly 'x-effect'?: 'none' | 'kept' | 'not-built-yet';
  readonly 'x-missing'?: string;
  readonly 'x-notBuiltValues'?: readonly string[];
};

export type SchemaFile = { readonly kind: string; readonly schema: Schema };

const folder = new URL('../', import.meta.url);

/** Every `*.schema.json`, by name. `kind` is the file's name without the ending. */
export function readSchemas(): readonly SchemaFile[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.schema.json'))
    .sort()
    .map((name) => ({
      kind: name.slice(0, -'.schema.json'.length),
      schema: JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Schema,
    }));
}

/** Kinds that people write and the program reads: these get a validator and a table of shapes. */
export const INPUT_KINDS = [
  'activation',
  'agent-config',
  'association',
  'daemon-config',
  'document-metadata',
  'group',
  'node',
  'parameter',
  'reconciled',
] as const;

export function isInputKind(kind: string): boolean {
  return INPUT_KINDS.some((input) => input === kind);
}

/** `document-metadata` → `DocumentMetadata`. */
export function pascalCase(kind: string): string {
  return kind.replace(/(^|-)([a-z])/g, (_, __, letter: string) => letter.toUpperCase());
}
