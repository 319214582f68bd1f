import type { Script } from './plugins/plugin.ts';
import { GO_LINE } from './supervisor-script.ts';

/**
 * The shell text that turns a supervisor's subshell into the script, with its directory and environment and nothing of
 * the supervisor's own. A `#!` line chooses the interpreter; without one `sh` reads the file.
 */
export function launchText(
  script: Script,
  scriptPath: string,
  secretNames: readonly string[] = [],
): string {
  const entries = Object.entries(script.environment).filter(
    ([name]) => !secretNames.includes(name),
  );
  const exports = entries.filter(([name]) => isIdentifier.test(name)).map(exportText);
  const others = entries.filter(([name]) => !isIdentifier.test(name)).map(assignmentText);
  const shell = script.text.startsWith('#!') ? [] : ['/bin/sh'];
  const command = [...(script.interpreter ?? shell), scriptPath].map(quote).join(' ');
  return [
    // First, so that no variable of the document can stand for the line.
    ...(secretNames.length === 0 ? [] : [takeSecrets]),
    `cd ${quote(script.workingDirectory)} || exit 1`,
    'unset OLDPWD PWD',
    ...exports,
    // `export` takes shell names only; the environment takes any.
    others.length === 0 ? `exec ${command}` : `exec env ${others.join(' ')} ${command}`,
    '',
  ].join('\n');
}

/** Evaluates what `secretLine` wrote: assignments of quoted values. */
const takeSecrets = `lf='\n'\neval "$${GO_LINE}"\nunset ${GO_LINE} lf`;

/**
 * Variables as one line of shell text. It goes through the supervisor's pipe: a file, even one that is removed, would be on a
 * disk. A line break in a value is the variable `lf` of the launch text.
 */
export function secretLine(variables: { readonly [name: string]: string }): string {
  return Object.entries(variables)
    .map(([name, value]) => {
      const lines = value.split('\n').map(quote);
      return `export ${name}=${lines.join('"$lf"')}`;
    })
    .join('; ');
}

const isIdentifier = /^[A-Za-z_][A-Za-z0-9_]*$/;
export const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
const exportText = ([name, value]: readonly [string, string]): string =>
  `export ${name}=${quote(value)}`;
const assignmentText = ([name, value]: readonly [string, string]): string =>
  quote(`${name}=${value}`);
