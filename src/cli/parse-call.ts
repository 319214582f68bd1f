/** argv and environment → a call. Commander reads the flags and writes the help; what it finds wrong is exit code 64. */
import { CommanderError, Command as Parser } from 'commander';
import type { Call, Command, Context, Flag } from './command.ts';
import { usage } from './command.ts';

type Values = { readonly [key: string]: unknown };

export function parseCall(
  { words, summary }: { readonly words: string; readonly summary: string },
  command: Command,
  argv: readonly string[],
  context: Pick<Context, 'stdout' | 'stderr' | 'env'>,
): Call | 'helped' {
  const parser = new Parser(`reconciled ${words}`)
    .description(summary)
    .exitOverride()
    .allowExcessArguments(false)
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      outputError: () => undefined, // said once, by whoever catches
    });
  for (const { syntax, about } of command.arguments ?? []) parser.argument(syntax, about);
  for (const flag of command.flags) parser.option(flag.syntax, describe(flag), collector(flag));
  parser.addHelpText('after', examplesOf(command));
  try {
    parser.parse([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 'helped';
    throw usage(`${error.message.replace(/^error: /, '')}; see reconciled ${words} --help`);
  }
  const values = complete(command.flags, parser.opts<Values>(), context.env);
  return callOf(parser.args, values);
}

/** Given on the command line, else in the environment, else the fallback; choices and required ones are checked. */
function complete(
  flags: readonly Flag[],
  given: Values,
  env: Context['env'],
): Map<string, unknown> {
  const values = new Map<string, unknown>();
  for (const flag of flags) {
    const name = nameOf(flag);
    const value = given[camelCase(name)] ?? fromEnvironment(flag, env) ?? flag.fallback;
    if (value === undefined || value === false) {
      if (flag.required === true) throw usage(`--${name} is required (or ${variableOf(flag)})`);
      continue;
    }
    if (flag.choices !== undefined && !flag.choices.includes(String(value))) {
      throw usage(`--${name} is one of ${flag.choices.join(', ')}, not ${String(value)}`);
    }
    values.set(name, value);
  }
  return values;
}

function fromEnvironment(flag: Flag, env: Context['env']): unknown {
  const text = env[variableOf(flag)];
  if (text === undefined || text === '') return undefined;
  if (isSwitch(flag)) return !/^(0|false|no|off)$/i.test(text);
  return flag.many === true ? text.split(',') : text;
}

const callOf = (args: readonly string[], values: ReadonlyMap<string, unknown>): Call => ({
  args,
  text(flag) {
    const value = values.get(flag);
    if (typeof value !== 'string') throw new Error(`invariant broken: --${flag} has no value`);
    return value;
  },
  given(flag) {
    const value = values.get(flag);
    return typeof value === 'string' ? value : null;
  },
  list(flag) {
    const value = values.get(flag);
    return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
  },
  is: (flag) => values.get(flag) === true,
});

/** A flag given twice is a mistake unless it may be: which of the two was meant? */
function collector(flag: Flag): (text: string, before: unknown) => unknown {
  return (text, before) => {
    if (flag.many === true) return Array.isArray(before) ? [...(before as string[]), text] : [text];
    if (before !== undefined) throw usage(`--${nameOf(flag)} is given twice`);
    return text;
  };
}

const nameOf = ({ syntax }: Flag): string => /^--([a-z-]+)/.exec(syntax)?.[1] ?? '';
const isSwitch = ({ syntax }: Flag): boolean => !syntax.includes('<');
const camelCase = (name: string): string =>
  name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
const variableOf = (flag: Flag): string =>
  flag.variable ?? `RECONCILED_${nameOf(flag).replaceAll('-', '_').toUpperCase()}`;

function describe(flag: Flag): string {
  const notes = [
    ...(flag.choices === undefined ? [] : [flag.choices.join('|')]),
    ...(flag.fallback === undefined || flag.fallback === '' ? [] : [`default ${flag.fallback}`]),
    ...(flag.required === true ? ['required'] : []),
    ...(flag.many === true ? ['may be repeated'] : []),
    variableOf(flag),
  ];
  return `${flag.about} (${notes.join('; ')})`;
}

const examplesOf = ({ examples }: Command): string =>
  examples.length === 0 ? '' : `\nExamples:\n${examples.map((each) => `  ${each}\n`).join('')}`;
