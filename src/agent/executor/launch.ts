import type { Script } from './plugins/plugin.ts';
import { GO_LINE } from './supervisor-script.ts';

/**
 * The shell text with which a supervisor starts the script, in its directory and environment: one command and its assignments,
 * which leave the supervisor's own variables as they are. A `#!` line chooses the interpreter; without one `sh` reads the file.
 */
export function launchText(
  script: Script,
  scriptPath: string,
  secretNames: readonly string[] = [],
): string {
  const entries = Object.entries(script.environment).filter(
    ([name]) => !secretNames.includes(name),
  );
  const assignments = entries.filter(([name]) => isExportable(name)).map(assignment);
  const others = entries.filter(([name]) => !isExportable(name)).map(quotedWhole);
  const shell = script.text.startsWith('#!') ? [] : ['/bin/sh'];
  const command = [...(script.interpreter ?? shell), scriptPath].map(quote);
  // A program more, and its arguments are to be seen by others while it runs: for the few that no shell takes.
  const launched = others.length === 0 ? command : [ENV, '--', ...others, ...command];
  const line = [...assignments, ...launched].join(' ');
  return [
    `cd ${quote(script.workingDirectory)} || return 1`,
    'unset OLDPWD PWD SHLVL',
    // Secrets first: no variable of the document can stand for what their line counts on.
    secretNames.length === 0 ? line : `eval "$${GO_LINE} "${quote(line)}`,
    '',
  ].join('\n');
}

/**
 * Variables as assignments before a command, one line of shell text. It goes through the supervisor's pipe: a file, even one that is
 * removed, would be on a disk. A line break in a value is the supervisor's variable `lf`.
 */
export function secretLine(variables: { readonly [name: string]: string }): string {
  return Object.entries(variables)
    .map(([name, value]) => {
      const lines = value.split('\n').map(quote);
      return `${name}=${lines.join('"$lf"')}`;
    })
    .join(' ');
}

/** By its path: the document may have set another PATH. */
const ENV = '/usr/bin/env';

const isIdentifier = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Names that one of the shells that stand as `sh` keeps for itself: read-only, or checked (`OPTIND=abc` ends dash), or counted on, or
 * acted on with words of its own (`LC_ALL` in bash). The environment takes any.
 */
const ownOfShells = new RegExp(
  `^(_|${[
    'BASH\\w*|COMP\\w+|COPROC|DIRSTACK|EGID|ENV|EPOCH\\w+|EUID|EXECIGNORE|FCEDIT|FIGNORE|FUNC\\w+|FPATH|GID|GLOB\\w+|GROUPS',
    'HIST\\w*|histchars|HOST\\w+|IFS|IGNOREEOF|INPUTRC|KSH\\w*|LANG|LC_\\w+|LINENO|MACHTYPE|MAIL\\w*|OLDPWD|OPT\\w+|OSTYPE',
    'PGRP|PIPESTATUS|POSIX\\w+|PPID|PROMPT\\w*|PS\\d|PWD|RANDOM|READLINE\\w+|REPLY|SECONDS|SHELLOPTS|SHLVL|SRANDOM',
    'TIMEFORMAT|TMOUT|UID|auto_resume',
  ].join('|')})$`,
);

const isExportable = (name: string): boolean => isIdentifier.test(name) && !ownOfShells.test(name);

export const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
const assignment = ([name, value]: readonly [string, string]): string => `${name}=${quote(value)}`;
const quotedWhole = ([name, value]: readonly [string, string]): string => quote(`${name}=${value}`);
