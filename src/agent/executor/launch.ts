import type { Script } from './plugins/plugin.ts';

/**
 * The shell text that turns a supervisor's subshell into the script, with its directory and environment and nothing of
 * the supervisor's own. A `#!` line chooses the interpreter; without one `sh` reads the file.
 */
export function launchText(script: Script, scriptPath: string): string {
  const entries = Object.entries(script.environment);
  const exports = entries.filter(([name]) => isIdentifier.test(name)).map(exportText);
  const others = entries.filter(([name]) => !isIdentifier.test(name)).map(assignmentText);
  const shell = script.text.startsWith('#!') ? [] : ['/bin/sh'];
  const command = [...(script.interpreter ?? shell), scriptPath].map(quote).join(' ');
  return [
    `cd ${quote(script.workingDirectory)} || exit 1`,
    'unset OLDPWD PWD',
    ...exports,
    // `export` takes shell names only; the environment takes any.
    others.length === 0 ? `exec ${command}` : `exec env ${others.join(' ')} ${command}`,
    '',
  ].join('\n');
}

const isIdentifier = /^[A-Za-z_][A-Za-z0-9_]*$/;
export const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
const exportText = ([name, value]: readonly [string, string]): string =>
  `export ${name}=${quote(value)}`;
const assignmentText = ([name, value]: readonly [string, string]): string =>
  quote(`${name}=${value}`);
