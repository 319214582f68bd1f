/** `--parameters`: `name=value`, or a JSON or YAML file with a map of names to values; later ones win. */

import { typeParameters } from '../../core/document/parameters.ts';
import type { StoreLookup } from '../../core/document/prepared.ts';
import { readJson } from '../../core/document/read-json.ts';
import { NAMES_AT_TOP, readYaml } from '../../core/document/read-yaml.ts';
import type { SourceNode } from '../../core/document/source.ts';
import { placeFinder, pointTo, toJson } from '../../core/document/source.ts';
import { withRemedy } from '../../core/load/remedy.ts';
import type { Document } from '../../core/model/document.ts';
import { ReconcileError } from '../../core/model/errors.ts';
import type { Json, JsonObject } from '../../core/model/json.ts';
import type { Problem } from '../../core/model/problem.ts';
import type { Context, Flag } from '../command.ts';
import { usage } from '../command.ts';
import { EXIT } from '../exit.ts';
import { readSource } from './read-text.ts';

export const PARAMETERS: Flag = {
  syntax: '--parameters <file-or-name=value>',
  about:
    'values for the parameters: a JSON or YAML file, or name=value; of a list, once for each element',
  many: true,
};

type Place = { readonly file: string; readonly line: number; readonly column: number };
type Value = Place & { readonly value: Json; readonly written: string | null };

export type Given = {
  readonly values: ReadonlyMap<string, Value>;
  /** Mistakes in the files themselves. */
  readonly problems: readonly Problem[];
};

/** @throws ReconcileError USAGE, FILE_UNREADABLE */
export async function readGiven(
  flags: readonly string[],
  context: Pick<Context, 'stdin'>,
): Promise<Given> {
  const values = new Map<string, Value>();
  const problems: Problem[] = [];
  const typed = new Map<string, string[]>();
  for (const flag of flags) {
    const [, name, text] = /^([^=/.\s]+)=(.*)$/s.exec(flag) ?? [];
    if (name !== undefined && text !== undefined) {
      const texts = typed.get(name) ?? [];
      texts.push(text);
      typed.set(name, texts);
      const [first = ''] = texts;
      const value = texts.length === 1 ? first : texts;
      values.set(name, { file: '--parameters', line: 1, column: 1, value, written: null });
    } else problems.push(...(await readFileOfValues(flag, context, values)));
  }
  return { values, problems };
}

async function readFileOfValues(
  file: string,
  context: Pick<Context, 'stdin'>,
  values: Map<string, Value>,
): Promise<readonly Problem[]> {
  const { text } = await readSource(file, context);
  if (text === null) throw usage(`${file} is no UTF-8 text`);
  const { root, faults } = /^\s*[{[]/.test(text) ? readJson(text) : readYaml(text, NAMES_AT_TOP);
  const find = placeFinder(text);
  const problems = faults.map(({ at, ...fault }) => ({ file, ...find(Math.max(0, at)), ...fault }));
  if (root === null) return problems;
  if (root.kind !== 'map') throw usage(`${file} must hold a map of parameter names to values`);
  for (const { key, keyAt, value } of root.entries)
    values.set(key, { file, ...find(keyAt), value: toJson(value), written: writtenOf(value) });
  return problems;
}

/** `port: 8080` in YAML is the text 8080 where a text is wanted. */
const writtenOf = (node: SourceNode): string | null =>
  node.kind === 'scalar' && typeof node.value !== 'string' && node.value !== null
    ? node.written
    : null;

export type TypedGiven = { readonly values: JsonObject; readonly problems: readonly Problem[] };

/** The given values against the definitions; what is missing is said at the document. */
export function typeGiven(
  document: Document,
  { values, problems }: Given,
  options: { readonly file: string; readonly store?: StoreLookup },
): TypedGiven {
  const supplied: { [name: string]: Json } = {};
  for (const [name, { value, written }] of values) {
    const type = document.parameters.get(name)?.type;
    supplied[name] = type === 'String' && written !== null ? written : listFrom(type, value);
  }
  const typed = typeParameters(
    document,
    supplied,
    options.store === undefined ? {} : { store: options.store },
  );
  const judged = typed.problems.map(({ code, parameter, message, hint }): Problem => {
    const { file, line, column } = values.get(parameter) ?? {
      file: options.file,
      line: 1,
      column: 1,
    };
    const pointer = pointTo(values.has(parameter) ? '' : '/parameters', parameter);
    const todo =
      code === 'parameter-missing' ? `Give it: --parameters ${parameter}=<value>.` : hint;
    return { code, severity: 'error', file, line, column, pointer, message, hint: todo };
  });
  return { values: typed.values, problems: [...problems, ...judged].map(withRemedy) };
}

/** `names=["a","b"]`: a list written as JSON is a list. */
function listFrom(type: string | undefined, value: Json): Json {
  if (type !== 'StringList' || typeof value !== 'string' || !value.trimStart().startsWith('['))
    return value;
  const { root, faults } = readJson(value);
  const list = root === null || faults.length > 0 ? null : toJson(root);
  return Array.isArray(list) && list.every((item) => typeof item === 'string') ? list : value;
}

/**
 * For a command that goes on only when all is right.
 * @throws ReconcileError PARAMETERS_INVALID (exit 3) with every mistake, USAGE, FILE_UNREADABLE
 */
export async function givenParameters(
  document: Document,
  flags: readonly string[],
  context: Pick<Context, 'stdin'>,
): Promise<JsonObject> {
  const { values, problems } = typeGiven(document, await readGiven(flags, context), { file: '' });
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (errors.length === 0) return values;
  const lines = errors.map(({ message, hint }) => `${message} ${hint}`.trim());
  throw new ReconcileError('PARAMETERS_INVALID', lines.join('\n'), {
    retry: 'never',
    exitCode: EXIT.invalid,
  });
}
