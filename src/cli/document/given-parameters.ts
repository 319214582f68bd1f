/** `--parameters`: values for a document's parameters, as `name=value` or as files that hold a map. */
import { readFile } from 'node:fs/promises';
import { typeParameters } from '../../core/document/parameters.ts';
import { readJson } from '../../core/document/read-json.ts';
import { readYaml } from '../../core/document/read-yaml.ts';
import { toJson } from '../../core/document/source.ts';
import { textOf } from '../../core/document/text.ts';
import type { Document } from '../../core/model/document.ts';
import { ReconcileError } from '../../core/model/errors.ts';
import type { Json, JsonObject } from '../../core/model/json.ts';
import { isJsonObject } from '../../core/model/json.ts';
import type { Flag } from '../command.ts';
import { usage } from '../command.ts';
import { EXIT } from '../exit.ts';

export const PARAMETERS: Flag = {
  syntax: '--parameters <given>',
  about: 'name=value, again for each element of a list; or a file with a map, JSON or YAML',
  many: true,
};

type Supplied = { readonly [name: string]: readonly string[] };

/**
 * Typed as an association's would be: `name=value` wins over files.
 * @throws ReconcileError PARAMETERS_INVALID (exit 3) with every mistake, or usage
 */
export async function givenParameters(
  document: Document,
  given: readonly string[],
): Promise<JsonObject> {
  const { values, problems } = typeParameters(document, await supplied(given));
  if (problems.length === 0) return values;
  const lines = problems.map(({ message, hint }) => `${message} ${hint}`.trim());
  throw new ReconcileError('PARAMETERS_INVALID', lines.join('\n'), {
    retry: 'never',
    exitCode: EXIT.invalid,
  });
}

async function supplied(given: readonly string[]): Promise<Supplied> {
  const fromFiles: { [name: string]: readonly string[] } = {};
  const written: { [name: string]: readonly string[] } = {};
  for (const one of given) {
    const pair = /^([a-zA-Z0-9]+)=(.*)$/s.exec(one);
    if (pair === null) Object.assign(fromFiles, await readMap(one));
    else {
      const [, name = '', value = ''] = pair;
      written[name] = [...(written[name] ?? []), value];
    }
  }
  return { ...fromFiles, ...written };
}

async function readMap(file: string): Promise<Supplied> {
  const text = await readText(file);
  const json = readJson(text);
  const { root } = json.root === null ? readYaml(text) : json;
  const value = root === null ? null : toJson(root);
  if (!isJsonObject(value)) throw usage(`--parameters ${file} holds no map of parameters`);
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, textsOf(one)]));
}

const textsOf = (value: Json): readonly string[] =>
  Array.isArray(value) ? (value as readonly Json[]).map(textOf) : [textOf(value)];

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const message = `${file} cannot be read; a value is written as name=value`;
    throw new ReconcileError('FILE_UNREADABLE', message, { retry: 'never', cause });
  }
}
