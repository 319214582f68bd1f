/** `aws:runDocument`: which document a step names, and what its steps are. @see spec/documents.md §4.3 */
import type { Document } from '../model/document.ts';
import type { Json, JsonObject } from '../model/json.ts';
import { isJsonObject } from '../model/json.ts';
import type { Result } from '../model/result.ts';
import { err, ok } from '../model/result.ts';
import { agentText, constraintViolations } from './constraints.ts';
import { inputOf } from './inputs.ts';
import { effectiveParameters, typeParameters } from './parameters.ts';
import type { ParsedDocument } from './parse.ts';
import { parseDocument } from './parse.ts';
import { prepareRun } from './prepare.ts';
import type { Preparation, RunContext, StoreLookup } from './prepared.ts';
import { readJson } from './read-json.ts';
import { NAMES_AT_TOP, readYaml } from './read-yaml.ts';
import { toJson } from './source.ts';
import { resolveReferences } from './store.ts';

/** Three documents may stand in each other; the outermost one has depth 0. */
export const INCLUDE_DEPTH_MAX = 3;

/** Succeeds at once wherever it is named. */
export const NOOP_DOCUMENT = 'AWS-Noop';

export type DocumentRequest = {
  readonly type: 'SSMDocument' | 'LocalPath';
  readonly path: string;
  /** As supplied; nulls are left out, so that their defaults apply. */
  readonly parameters: JsonObject;
};

/** The inputs of the step, or AWS's text for what is wrong with them. */
export function documentRequest(inputs: JsonObject): Result<DocumentRequest, string> {
  const type = inputOf(inputs, 'documentType') ?? '';
  const path = inputOf(inputs, 'documentPath') ?? '';
  if (type === '')
    return err(
      'invalid input: Document Type must be specified to either by SSMDocument or LocalPath.',
    );
  if (type !== 'SSMDocument' && type !== 'LocalPath')
    return err('invalid input: Document type specified in invalid');
  if (typeof path !== 'string' || path === '')
    return err('invalid input: Document Path must be provided');
  const parameters = documentParameters(inputOf(inputs, 'documentParameters') ?? '');
  if (!parameters.ok) return err(preparingText(parameters.error));
  return ok({ type, path, parameters: parameters.value });
}

/** How AWS says that an inner document cannot run. */
export const preparingText = (why: string): string =>
  `There was an error while preparing documents - ${why}`;

export const depthText = (depth: number): string =>
  `Maximum depth for document execution exceeded. Maximum depth permitted - ${INCLUDE_DEPTH_MAX} and current depth - ${depth}`;

/** A map, or a text that holds one as JSON or YAML. */
function documentParameters(input: Json): Result<JsonObject, string> {
  if (isJsonObject(input)) return ok(withoutNulls(input));
  if (typeof input !== 'string') return err('parameter type specified to run document is unknown');
  if (input.trim() === '') return ok({});
  const root = readJson(input).root ?? readYaml(input, NAMES_AT_TOP).root;
  const value = root === null ? undefined : (toJson(root) ?? {});
  if (isJsonObject(value)) return ok(withoutNulls(value));
  return err(
    'Unmarshalling document parameters failed. Please make sure the parameters are specified in the right format: they are no map in JSON or YAML.',
  );
}

const withoutNulls = (parameters: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== null));

/** A document from its text, JSON or YAML, as the node reads it; or why it is none. */
export function documentOfText(text: string): Result<Document, string> {
  if (text.trim() === '') return err('File is empty!');
  return documentOf(parseDocument(text, { file: 'document' }));
}

/** One that came with a job, and was judged when it was accepted. */
export function documentOfContent(content: JsonObject): Result<Document, string> {
  return documentOf(parseContent(content));
}

/**
 * Content that a file was accepted for, read again where it runs. As JSON with its aliases expanded it may be longer than any
 * file, and what bounds it there is the message that it came in.
 */
export function parseContent(content: JsonObject): ParsedDocument {
  const text = JSON.stringify(content);
  return parseDocument(text, { file: 'document.json', format: 'json', bytesMax: Infinity });
}

function documentOf({ document, problems }: ParsedDocument): Result<Document, string> {
  if (document !== null) return ok(document);
  const errors = problems.filter(({ severity }) => severity === 'error');
  const why = errors.map(({ message }) => message).join('; ');
  // A parser quotes what it trips over, and that may be all of a file.
  return err(why.length <= WHY_CHARS_MAX ? why : `${why.slice(0, WHY_CHARS_MAX)}…`);
}

const WHY_CHARS_MAX = 500;

/** As `prepareRun`, with every check of §2.4: here nobody has judged the parameters before. */
export function prepareIncluded(
  document: Document,
  parameters: JsonObject,
  context: RunContext,
): Preparation {
  const judged = includedParameters(document, parameters, context.store);
  return judged.ok
    ? prepareRun(document, judged.value, context)
    : { ok: false, message: judged.error };
}

/**
 * What the reference lets through where one document runs another, and we do not (§9): a text for an Integer would become shell
 * code, and an undeclared name is a mistake.
 */
const MISFITS: ReadonlySet<string> = new Set(['parameter-undeclared', 'parameter-type']);

/** With defaults, as they were handed over; or why the document cannot take them, as the agent says it. */
export function includedParameters(
  document: Document,
  parameters: JsonObject,
  store: StoreLookup,
): Result<JsonObject, string> {
  const filled = effectiveParameters(document, parameters);
  if (!filled.ok) return err(filled.error.join('\n'));
  const faults = typeParameters(document, parameters, { store })
    .problems.filter(({ code }) => MISFITS.has(code))
    .map(({ message }) => message);
  for (const [name, definition] of document.parameters) {
    const resolved = resolveReferences(filled.value[name] ?? null, store);
    if (!resolved.ok) return err(resolved.error);
    for (const violation of constraintViolations(definition, resolved.value))
      faults.push(agentText(name, violation));
  }
  return faults.length > 0
    ? err(`all errors during param validation errors: ${faults.join('\n')}`)
    : ok(filled.value);
}
