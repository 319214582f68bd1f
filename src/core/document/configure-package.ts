/** `aws:configurePackage`: inputs, or AWS's text for what is wrong with them. @see spec/documents.md §4.4 */
import type { Json, JsonObject } from '../model/json.ts';
import { isJsonObject } from '../model/json.ts';
import type { Result } from '../model/result.ts';
import { err, ok } from '../model/result.ts';
import { inputOf } from './inputs.ts';
import { readJson } from './read-json.ts';
import { toJson } from './source.ts';

export type PackageRequest = {
  readonly name: string;
  readonly action: 'Install' | 'Uninstall';
  /** '' is the newest. */
  readonly version: string;
  readonly inPlace: boolean;
  /** `SSM_…` → text, for the package's scripts. */
  readonly environment: { readonly [name: string]: string };
};

export function packageRequest(inputs: JsonObject): Result<PackageRequest, string> {
  const text = (name: string): string => {
    const value = inputOf(inputs, name);
    return typeof value === 'string' ? value : '';
  };
  const name = text('name');
  if (text('source') !== '')
    return err('invalid input: source parameter is not supported in this version\n');
  if (name === '') return err('invalid input: empty name field\n');
  // A map is discarded, as on the reference.
  const environment = additionalArguments(text('additionalArguments'));
  if (!environment.ok) return environment;
  const action = text('action');
  if (action !== 'Install' && action !== 'Uninstall') return err(`unsupported action: ${action}\n`);
  const version = text('version') === 'latest' ? '' : text('version');
  const inPlace = text('installationType') === 'In-place update';
  return ok({ name, action, version, inPlace, environment: environment.value });
}

function additionalArguments(text: string): Result<PackageRequest['environment'], string> {
  if (text.trim() === '') return ok({});
  const { root } = readJson(text);
  const value: Json = root === null ? null : toJson(root);
  if (!isJsonObject(value) || !Object.values(value).every((one) => typeof one === 'string'))
    return err(
      'invalid input: unable to unmarshal additional arguments from input; error it is no map of texts\n',
    );
  const names = Object.keys(value);
  if (names.includes(''))
    return err('invalid input: empty key is not allowed in additional arguments from input\n');
  if (!names.every((one) => one.startsWith('SSM_')))
    return err(
      'invalid input: keys need to start with "SSM_" prefix in additional arguments from input\n',
    );
  return ok(value as PackageRequest['environment']);
}
