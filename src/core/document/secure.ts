/**
 * References to a SecureString, `{{ssm-secure:name}}`: never resolved into text of a step. Three places may hold one: a
 * String that travels to scripts as a variable (`interpolationType: ENV_VAR`), the inputs of `aws:downloadContent`, whose
 * plugin resolves its own credentials, and those of `aws:runDocument`, which hands it on to a document with such a place.
 * The plain text is put in by the node's executor, at the last moment.
 * @see spec/documents.md §2.6, §4.9
 */
import type { Document, ParameterDefinition } from '../model/document.ts';
import type { Json, JsonObject } from '../model/json.ts';
import { isJsonObject } from '../model/json.ts';
import type { Result } from '../model/result.ts';
import { err, ok } from '../model/result.ts';
import type { SecretPiece, StoreLookup } from './prepared.ts';
import { resolveReferences } from './store.ts';
import { substitute, tokenNames } from './substitute.ts';

/** Any white space around, no version: as the reference reads it. */
const TOKEN = /\{\{\s*ssm-secure:([/\w.-]+)\s*\}\}/g;
/** Meant as a reference, and none. */
const ALMOST = /\{\{\s*ssm-secure\b/;

/** Actions whose inputs may hold references as they are. */
const KEEPERS: ReadonlySet<string> = new Set(['aws:downloadContent', 'aws:runDocument']);

/** Names of every secure reference in a value, each once, in order. */
export function secureNames(value: Json): readonly string[] {
  const found = new Set<string>();
  collect(value, (text) => {
    for (const match of text.matchAll(TOKEN)) found.add(match[1] ?? '');
  });
  return [...found];
}

/** A text that someone wrote as a secure reference and that would stay what it is, e.g. because it asks for a version. */
export function malformedSecure(value: Json): string | null {
  let found: string | null = null;
  collect(value, (text) => {
    const rest = text.replace(TOKEN, '');
    if (ALMOST.test(rest)) found ??= rest;
  });
  return found;
}

export type SecureUse = {
  /** What a run needs in plain text. */
  readonly needed: readonly string[];
  /** Parameters that hold a reference and are no variable: scripts would get it as text, which it never is. */
  readonly misplaced: readonly { readonly parameter: string; readonly reference: string }[];
};

/** `parameters` are effective values, references unresolved. */
export function secureUse(document: Document, parameters: JsonObject): SecureUse {
  const needed = new Set<string>();
  const misplaced: { readonly parameter: string; readonly reference: string }[] = [];
  for (const definition of document.parameters.values()) {
    const { name } = definition;
    const names = secureNames(parameters[name] ?? null);
    if (names.length === 0) continue;
    if (isVariable(definition)) for (const secret of names) needed.add(secret);
    else if (isTextOfStep(document, name))
      misplaced.push({ parameter: name, reference: names[0] ?? '' });
  }
  for (const { action, inputs } of document.steps) {
    if (!KEEPERS.has(action)) continue;
    for (const secret of secureNames(substitute(inputs, parameters))) needed.add(secret);
  }
  return { needed: [...needed], misplaced };
}

/**
 * The value of a variable in pieces, or null when no secret is in it: then it is resolved like any other. What the store
 * gives is not looked at again, in either direction. The error is the reference's text.
 */
export function variablePieces(
  definition: ParameterDefinition,
  value: Json,
  store: StoreLookup,
): Result<readonly SecretPiece[] | null, string> {
  if (typeof value !== 'string' || !holdsSecret(definition, value)) return ok(null);
  const names = secureNames(value);
  const missing = names.filter((name) => store(name) === null);
  if (missing.length > 0) return err(`Input contains invalid parameters [${missing.join(' ')}]`);
  for (const name of names) {
    const type = store(name)?.type;
    if (type !== 'SecureString')
      return err(`secure prefix ssm-secure: is used for a non-secure type ${type}`);
  }
  const pieces: SecretPiece[] = [];
  // Splitting by an expression with one group gives text, name, text, name, …, text.
  for (const [i, part] of value.split(TOKEN).entries()) {
    if (i % 2 === 1) pieces.push({ secret: part });
    else {
      const resolved = resolveReferences(part, store);
      if (!resolved.ok) return resolved;
      if (resolved.value !== '') pieces.push({ text: String(resolved.value) });
    }
  }
  return ok(pieces);
}

/** A value that a script will find in its environment, with a secret in it. */
export const holdsSecret = (definition: ParameterDefinition, value: Json): boolean =>
  isVariable(definition) && typeof value === 'string' && secureNames(value).length > 0;

const isVariable = ({ interpolationType, type }: ParameterDefinition): boolean =>
  interpolationType === 'ENV_VAR' && type === 'String';

/** Whether a step that cannot keep a reference is given this parameter. */
function isTextOfStep({ steps }: Document, parameter: string): boolean {
  return steps.some(({ action, inputs, precondition }) => {
    const names = new Set<string>();
    collect([inputs, { ...precondition }], (text) => {
      for (const name of tokenNames(text)) names.add(name);
    });
    return names.has(parameter) && !KEEPERS.has(action);
  });
}

function collect(value: Json, see: (text: string) => void): void {
  if (typeof value === 'string') see(value);
  else if (Array.isArray(value)) for (const item of value as readonly Json[]) collect(item, see);
  else if (isJsonObject(value)) for (const item of Object.values(value)) collect(item, see);
}
