/** `aws:runDockerAction`: inputs → the arguments of docker, or AWS's text for what is wrong. @see spec/documents.md §4.11 */
import type { JsonObject } from '../model/json.ts';
import type { Result } from '../model/result.ts';
import { err, ok } from '../model/result.ts';
import { inputOf, invalidInputsText } from './inputs.ts';

const TEXTS = [
  'action',
  'container',
  'image',
  'memory',
  'cpuShares',
  'cmd',
  'env',
  'user',
  'publish',
] as const;
type Inputs = { readonly [name in (typeof TEXTS)[number]]: string } & {
  readonly volume: readonly string[];
};

/** In the order of the reference, whose first objection is told. */
const CHECKS: readonly (readonly [Exclude<keyof Inputs, 'action'>, RegExp, string])[] = [
  [
    'container',
    /^[a-zA-Z0-9_\-\\/]*$/,
    'Invalid container name, only [a-zA-Z0-9_-\\/] are allowed',
  ],
  ['image', /^[a-zA-Z0-9_\-\\/.:]*$/, 'Invalid image value, only [a-zA-Z0-9.:_-\\/] are allowed'],
  ['user', /^[a-zA-Z0-9_-]*$/, 'Invalid user value'],
  ['volume', /^[\w\\/:\-."()^ ]*$/, 'Invalid volume'],
  ['cpuShares', /^\/?[a-zA-Z0-9_-]*$/, 'Invalid CpuShares value, only integars are allowed'],
  ['memory', /^[0-9]*[bkmg]?$/, 'Invalid Memory value'],
  ['publish', /^[0-9a-zA-Z:\-/.]*$/, 'Invalid Publish value'],
  ['env', /^[^;,&|]*$/, 'Invalid environment variable value'],
  ['cmd', /^[^;,&|]*$/, 'Invalid command value'],
];

/**
 * Every part is one argument. The reference gives one `--volume` for all volumes, which docker refuses for two, and a name
 * that begins with a dash as an option; here volumes repeat their flag and such names are refused.
 */
export function dockerArguments(inputs: JsonObject): Result<readonly string[], string> {
  const read = readInputs(inputs);
  if (!read.ok) return read;
  const given = read.value;
  for (const [name, pattern, text] of CHECKS)
    if ([given[name]].flat().some((one) => !pattern.test(one) || isOption(name, one)))
      return err(`Validation error, ${text}`);
  const action = Object.hasOwn(ACTIONS, given.action) ? ACTIONS[given.action] : undefined;
  return action === undefined
    ? err(`Docker Action is set to unsupported value: ${given.action}`)
    : action(given);
}

const isOption = (name: string, value: string): boolean => name !== 'cmd' && value.startsWith('-');

function readInputs(inputs: JsonObject): Result<Inputs, string> {
  const wrong = (name: string, kind: string): string =>
    invalidInputsText(inputs, `${name} must be ${kind}`);
  const texts: { [name: string]: string } = {};
  for (const name of TEXTS) {
    const value = inputOf(inputs, name) ?? '';
    if (typeof value !== 'string') return err(wrong(name, 'a text'));
    texts[name] = value;
  }
  const volume = inputOf(inputs, 'volume') ?? [];
  if (!Array.isArray(volume) || !volume.every((one) => typeof one === 'string'))
    return err(wrong('volume', 'a list of texts'));
  return ok({ ...(texts as Omit<Inputs, 'volume'>), volume: volume as readonly string[] });
}

type Action = (given: Inputs) => Result<readonly string[], string>;

const flag = (name: string, value: string): readonly string[] =>
  value === '' ? [] : [name, value];

function needs(given: Inputs, names: readonly (keyof Inputs)[]): string | null {
  const missing = names.find((name) => given[name].length === 0);
  return missing === undefined ? null : `Action ${given.action} requires parameter ${missing}`;
}

const withNeeds =
  (names: readonly (keyof Inputs)[], build: (given: Inputs) => readonly string[]): Action =>
  (given) => {
    const missing = needs(given, names);
    return missing === null ? ok(build(given)) : err(missing);
  };

const creating = (words: readonly string[]): Action =>
  withNeeds(['image'], (given) => [
    ...words,
    ...given.volume.flatMap((one) => (one === '' ? [] : ['--volume', one])),
    ...flag('--name', given.container),
    ...flag('--memory', given.memory),
    ...flag('--cpu-shares', given.cpuShares),
    ...flag('--publish', given.publish),
    ...flag('--env', given.env),
    ...flag('--user', given.user),
    given.image,
    // An absent command would be an empty one for the reference, which docker cannot run.
    ...(given.cmd === '' ? [] : [given.cmd]),
  ]);

const ofContainer = (word: string): Action =>
  withNeeds(['container'], ({ container }) => [word, container]);
const ofImage = (word: string): Action => withNeeds(['image'], ({ image }) => [word, image]);

const ACTIONS: { readonly [action: string]: Action } = {
  Create: creating(['create']),
  Run: creating(['run', '-d']),
  Start: ofContainer('start'),
  Stop: ofContainer('stop'),
  Rm: ofContainer('rm'),
  Logs: ofContainer('logs'),
  Exec: withNeeds(['container', 'cmd'], ({ user, container, cmd }) => [
    'exec',
    ...flag('--user', user),
    container,
    cmd,
  ]),
  Inspect: (given) =>
    given.container === '' && given.image === ''
      ? err('Action Inspect requires parameter container or image')
      : ok(['inspect', ...[given.container, given.image].filter((one) => one !== '')]),
  Stats: ({ container }) => ok(['stats', '--no-stream', ...(container === '' ? [] : [container])]),
  Ps: () => ok(['ps', '--all']),
  Images: () => ok(['images']),
  Pull: ofImage('pull'),
  Rmi: ofImage('rmi'),
};
