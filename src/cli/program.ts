/** Finds the command, reads its flags, runs it, and turns whatever happens into a sentence and an exit code. */
import { nearest } from '../core/document/nearest.ts';
import { ReconcileError } from '../core/model/errors.ts';
import { isSystemError } from '../disk/errors.ts';
import type { Command, Context } from './command.ts';
import { usage } from './command.ts';
import { commands } from './commands.ts';
import { EXIT } from './exit.ts';
import { endOfLife } from './node-version.ts';
import { parseCall } from './parse-call.ts';
import { versionOf } from './version.ts';

/** @throws never */
export async function runProgram(argv: readonly string[], context: Context): Promise<number> {
  try {
    return await dispatch(argv, context);
  } catch (error) {
    return complain(error, context);
  }
}

async function dispatch(argv: readonly string[], context: Context): Promise<number> {
  const [first = '--help', second] = argv;
  if (first === '--version' || first === '-V') {
    context.stdout.write(`${await versionOf()}\n`);
    return EXIT.done;
  }
  if (first === '--help' || first === '-h' || first === 'help') {
    return help(argv.slice(1).join(' '), context);
  }
  const words = [`${first} ${second ?? ''}`, first].find((each) => Object.hasOwn(commands, each));
  if (words === undefined) return help(first, context);
  const { summary, load } = present(words);
  const { command } = await load();
  const parsed = parseCall(
    { words, summary },
    command,
    argv.slice(words.split(' ').length),
    context,
  );
  if (parsed === 'helped') return EXIT.done;
  if (parsed.given('format') !== 'json') warnOfOldNode(context);
  return runUntilInterrupted(command, () => command.run(parsed, context), context.signal);
}

/** Not beside JSON: some programs read standard error along with it. */
function warnOfOldNode({ env, stderr }: Context): void {
  const warning = endOfLife(process.versions.node, Date.now());
  if (warning === null || env['NODE_NO_WARNINGS'] === '1') return;
  stderr.write(`warning: ${warning}\n`);
}

/** A command that does not listen to the signal is left where it stands; nothing here needs tidying by hand. */
async function runUntilInterrupted(
  command: Command,
  run: () => Promise<number>,
  signal: AbortSignal,
): Promise<number> {
  if (command.leavesGracefully === true) return run();
  const interrupted = new Promise<number>((resolve) => {
    signal.addEventListener('abort', () => resolve(EXIT.interrupted), { once: true });
  });
  return Promise.race([run(), interrupted]);
}

function help(topic: string, { stdout }: Context): number {
  const below = Object.keys(commands).filter((words) => words.startsWith(`${topic} `));
  if (topic !== '' && below.length === 0) {
    const near = nearest(topic, [...Object.keys(commands), ...groups()]);
    const hint = near === null ? '' : `; nearest is "${near}"`;
    throw usage(`there is no command "${topic}"${hint}. All of them: reconciled --help`);
  }
  const shown = below.length > 0 ? below : Object.keys(commands);
  const width = Math.max(...shown.map((words) => words.length));
  stdout.write(
    [
      'Usage: reconciled <command> [flags]',
      '',
      ...shown.map((words) => `  ${words.padEnd(width)}  ${present(words).summary}`),
      '',
      'Each command explains itself: reconciled <command> --help. Every flag is also RECONCILED_<FLAG>.',
      '',
    ].join('\n'),
  );
  if (topic !== '') throw usage(`"${topic}" needs one more word`);
  return EXIT.done;
}

const groups = (): readonly string[] =>
  Object.keys(commands).flatMap((words) =>
    words.includes(' ') ? [words.split(' ')[0] ?? ''] : [],
  );

function present(words: string) {
  const entry = commands[words];
  if (entry === undefined) throw usage(`there is no command "${words}"`);
  return entry;
}

function complain(error: unknown, { stderr, signal }: Context): number {
  if (error instanceof ReconcileError) {
    stderr.write(`error ${error.code}: ${error.message}\n`);
    return error.exitCode;
  }
  if (signal.aborted && isAbort(error)) return EXIT.interrupted;
  // A folder that may not be written, a disk that is full: the machine's answer, and no mistake of ours.
  if (isSystemError(error)) {
    stderr.write(`error SYSTEM: ${error.message}\n`);
    return EXIT.error;
  }
  const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
  stderr.write(`error BUG: please report this\n${told}\n`);
  return EXIT.error;
}

const isAbort = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError';
