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
import { SCRIPT_ACTIONS } from './actions.ts';
import { credentialTexts } from './download-credentials.ts';
import type { SecretPiece, StoreLookup } from './prepared.ts';
import { resolveReferences } from './store.ts';
import { substitute, tokenNames } from './substitute.ts';

/** Any white space around, no version: as the reference reads it. */
export const SECURE_TOKEN = /\{\{\s*ssm-secure:([/\w.-]+)\s*\}\}/g;
/** In every text that may hold one; most hold none. */
const PREFIX = 'ssm-secure';
/** Meant as a reference, and none. */
const ALMOST = /\{\{\s*ssm-secure\b/;

const DOWNLOAD_CONTENT = 'aws:downloadContent';
/** Actions whose inputs may hold references as they are. */
export const KEEPERS: ReadonlySet<string> = new Set([DOWNLOAD_CONTENT, 'aws:runDocument']);

/** Names of every secure reference in a value, each once, in order. */
export function secureNames(value: Json): readonly string[] {
  const found = new Set<string>();
  collect(value, (text) => {
    if (!text.includes(PREFIX)) return;
    for (const match of text.matchAll(SECURE_TOKEN)) found.add(match[1] ?? '');
  });
  return [...found];
}

/** A text that someone wrote as a secure reference and that would stay what it is, e.g. because it asks for a version. */
export function malformedSecure(value: Json): string | null {
  let found: string | null = null;
  collect(value, (text) => {
    if (!text.includes(PREFIX)) return;
    const rest = text.replace(SECURE_TOKEN, '');
    if (ALMOST.test(rest)) found ??= rest;
  });
  return found;
}

export type SecureUse = {
  /** What a run needs in plain text. */
  readonly needed: readonly string[];
  /** Parameters that hold a reference and are no variable where they are used: there it would be text, which it never is. */
  readonly misplaced: readonly { readonly parameter: string; readonly reference: string }[];
  /** References in inputs of `aws:downloadContent` that are no credential, and so would be sent as they are. */
  readonly noCredential: readonly string[];
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
    if (isTextOfStep(document, definition))
      misplaced.push({ parameter: name, reference: names[0] ?? '' });
  }
  const noCredential = new Set<string>();
  for (const { action, inputs } of document.steps) {
    if (!KEEPERS.has(action)) continue;
    const given = substitute(inputs, parameters);
    const found = secureNames(given);
    if (found.length === 0) continue;
    const usable = action === DOWNLOAD_CONTENT ? secureNames(credentialsIn(given)) : found;
    for (const secret of usable) needed.add(secret);
    for (const secret of found) if (!usable.includes(secret)) noCredential.add(secret);
  }
  return { needed: [...needed], misplaced, noCredential: [...noCredential] };
}

/** Of every element of the inputs. */
function credentialsIn(inputs: Json): readonly Json[] {
  const elements: readonly Json[] = Array.isArray(inputs) ? inputs : [inputs];
  return elements.flatMap((element) => Object.values(credentialTexts(element)));
}

/** A text in pieces: what is written, and the secrets in it. */
export function secretPieces(text: string): readonly SecretPiece[] {
  // Splitting by an expression with one group gives text, name, text, name, …, text.
  return text
    .split(SECURE_TOKEN)
    .map((part, i) => (i % 2 === 1 ? { secret: part } : { text: part }))
    .filter((piece) => piece.text !== '');
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
  for (const piece of secretPieces(value)) {
    if ('secret' in piece) pieces.push(piece);
    else {
      const resolved = resolveReferences(piece.text, store);
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

/** Whether a step that cannot keep a reference is given this parameter; a variable is one in scripts, and text elsewhere. */
function isTextOfStep({ steps }: Document, definition: ParameterDefinition): boolean {
  const isData = isVariable(definition);
  return steps.some(({ action, inputs, precondition }) => {
    const names = new Set<string>();
    const given = isData && SCRIPT_ACTIONS.has(action) ? besideScript(inputs) : inputs;
    collect([given, { ...precondition }], (text) => {
      for (const name of tokenNames(text)) names.add(name);
    });
    return names.has(definition.name) && !KEEPERS.has(action);
  });
}

function besideScript(inputs: Json): Json {
  if (Array.isArray(inputs)) return (inputs as readonly Json[]).map(besideScript);
  if (!isJsonObject(inputs)) return inputs;
  return Object.fromEntries(
    Object.entries(inputs).filter(([name]) => name.toLowerCase() !== 'runcommand'),
  );
}

function collect(value: Json, see: (text: string) => void): void {
  if (typeof value === 'string') see(value);
  else if (Array.isArray(value)) for (const item of value as readonly Json[]) collect(item, see);
  else if (isJsonObject(value)) for (const item of Object.values(value)) collect(item, see);
}
