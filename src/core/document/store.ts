/**
 * References to the Parameter Store: `{{ssm:name[:version]}}` is replaced on the node, `{{ssm-secure:name}}` stays for
 * the credential inputs that may hold it.
 * @see spec/documents.md §2.6
 */

import type { Document } from '../model/document.ts';
import type { Json, JsonObject } from '../model/json.ts';
import { isJsonObject } from '../model/json.ts';
import type { Result } from '../model/result.ts';
import { err, ok } from '../model/result.ts';
import { oncePer } from './once-per.ts';
import type { StoreLookup, StoreValue } from './prepared.ts';
import { substitute, TOKEN } from './substitute.ts';
import { textOf } from './text.ts';

/** Blanks only, no tabs or newlines; none after `ssm:`. */
const PLAIN = /\{\{ *ssm:([/\w.:-]+) *\}\}/g;
const PLAIN_WHOLE = /^\{\{ *ssm:([/\w.:-]+) *\}\}$/;
/** What a precondition must not hold is told by a pattern of its own: any white space, but neither dots nor a version. */
const PLAIN_IN_PRECONDITION = /\{\{[\t\n\f\r ]*ssm:[/\w-]+[\t\n\f\r ]*\}\}/;
const SECURE_IN_PRECONDITION = /\{\{[\t\n\f\r ]*ssm-secure:[/\w-]+[\t\n\f\r ]*\}\}/;
/** Either prefix, no version: what the credential inputs of `aws:downloadContent` take. A search, as the reference's. */
const SECRET = /\{\{[\t\n\f\r ]*(?:ssm|ssm-secure):[/\w.-]+[\t\n\f\r ]*\}\}/;

/** As many values go along with a job; agents refuse more. */
export const REFERENCES_MAX = 200;

export const mentionsStore = (text: string): boolean => PLAIN_IN_PRECONDITION.test(text);
export const mentionsSecureStore = (text: string): boolean => SECURE_IN_PRECONDITION.test(text);
export const isSecretReference = (text: string): boolean => SECRET.test(text);

/** Names (with version) of every plain reference in a value, each once, in order; map keys hold none. */
export function storeReferences(value: Json): readonly string[] {
  const found = new Set<string>();
  visit(value, (text) => {
    if (!text.includes('ssm:')) return;
    for (const match of text.matchAll(PLAIN)) found.add(match[1] ?? '');
  });
  return [...found];
}

/** Those of a document as it is written. */
export const writtenReferences = oncePer((content: JsonObject) => storeReferences(content));

/** Those that a run meets: written, or built by a parameter's value as in `{{ssm:{{ stage }}-port}}`. */
export function referencesMet(
  { content, steps }: Pick<Document, 'content' | 'steps'>,
  parameters: JsonObject,
): readonly string[] {
  const { all, open } = templatesIn(steps);
  const bringsBraces = Object.values(parameters).some((value) => textOf(value).includes('{'));
  const built = (bringsBraces ? all : open).map((text) => substitute(text, parameters));
  return [...new Set([...writtenReferences(content), ...storeReferences([parameters, ...built])])];
}

type Templates = {
  /** Texts of inputs in which something may be put in place. */
  readonly all: readonly string[];
  /** Those with a `{{` beside their tokens: in no other can a value without braces complete a reference. */
  readonly open: readonly string[];
};

const templatesIn = oncePer((steps: Document['steps']): Templates => {
  const all: string[] = [];
  visit(
    steps.map(({ inputs }) => inputs),
    (text) => {
      if (text.includes('{{')) all.push(text);
    },
  );
  return { all, open: all.filter((text) => text.replace(TOKEN, '').includes('{{')) };
});

/**
 * `value` with every plain reference replaced. What the store gives is not looked at again. The error is the
 * reference's text.
 */
export function resolveReferences(value: Json, store: StoreLookup): Result<Json, string> {
  const references = storeReferences(value);
  if (references.length === 0) return ok(value);
  const entries = new Map<string, StoreValue>();
  const missing: string[] = [];
  for (const reference of references) {
    const entry = store(reference);
    if (entry === null) missing.push(reference);
    else entries.set(reference, entry);
  }
  if (missing.length > 0) return err(`Input contains invalid parameters [${missing.join(' ')}]`);
  const secure = [...entries]
    .filter(([, { type }]) => type === 'SecureString')
    .map(([reference]) => nameOf(reference));
  if (secure.length > 0)
    return err(`Parameters [${secure.join(' ')}] of type SecureString are not supported`);
  if (grownChars(value, entries) > RESOLVED_CHARS_MAX)
    return err(
      `with its references resolved a step has more than ${RESOLVED_CHARS_MAX} characters`,
    );
  return resolveValue(value, entries);
}

type Entries = ReadonlyMap<string, StoreValue>;

/** Errors about what the store has name it without the version that was asked for. */
const nameOf = (reference: string): string => reference.replace(/:\d+$/, '');

/** What references may put into one value: each use is a copy, and other values may hold very many uses. */
const RESOLVED_CHARS_MAX = 1024 * 1024;

function grownChars(value: Json, entries: Entries): number {
  let chars = 0;
  visit(value, (text) => {
    if (!text.includes('ssm:')) return;
    for (const [, name = ''] of text.matchAll(PLAIN)) chars += entries.get(name)?.value.length ?? 0;
  });
  return chars;
}

function resolveValue(value: Json, entries: Entries): Result<Json, string> {
  if (typeof value === 'string') return resolveText(value, entries);
  if (Array.isArray(value)) return resolveList(value, entries);
  if (!isJsonObject(value)) return ok(value);
  const resolved: [string, Json][] = [];
  for (const [key, item] of Object.entries(value)) {
    const result = resolveValue(item, entries);
    if (!result.ok) return result;
    resolved.push([key, result.value]);
  }
  return ok(Object.fromEntries(resolved));
}

function resolveList(list: readonly Json[], entries: Entries): Result<Json, string> {
  if (typeof list[0] === 'string') return resolveTexts(list, entries);
  const resolved: Json[] = [];
  for (const item of list) {
    const result = resolveValue(item, entries);
    if (!result.ok) return result;
    resolved.push(result.value);
  }
  return ok(resolved);
}

/**
 * A list whose first element is a text holds nothing but texts; null is an empty one. A StringList that is a whole element, but
 * for white space around it, splits at commas and takes the element's place.
 */
function resolveTexts(list: readonly Json[], entries: Entries): Result<Json, string> {
  const texts = list.map((item) => item ?? '');
  if (!texts.every((text) => typeof text === 'string'))
    return err('Encountered error while parsing input - internal error');
  const resolved: Json[] = [];
  for (const text of texts) {
    const whole = PLAIN_WHOLE.exec(text.trim())?.[1];
    const entry = whole === undefined ? undefined : entries.get(whole);
    if (entry?.type === 'StringList') {
      resolved.push(...entry.value.split(','));
      continue;
    }
    const result = resolveText(text, entries);
    if (!result.ok) return result;
    resolved.push(result.value);
  }
  return ok(resolved);
}

function resolveText(text: string, entries: Entries): Result<Json, string> {
  for (const match of text.matchAll(PLAIN)) {
    const name = match[1] ?? '';
    if (entries.get(name)?.type === 'StringList')
      return err(`Parameter ${nameOf(name)} of type StringList cannot be used as a String`);
  }
  return ok(text.replace(PLAIN, (token, name: string) => entries.get(name)?.value ?? token));
}

function visit(value: Json, see: (text: string) => void): void {
  if (typeof value === 'string') see(value);
  else if (Array.isArray(value)) for (const item of value as readonly Json[]) visit(item, see);
  else if (isJsonObject(value)) for (const item of Object.values(value)) visit(item, see);
}
