import { openDesk } from '../document/desk.ts';
import { toJson } from '../document/source.ts';
import type { Problem } from '../model/problem.ts';
import { compareProblems } from '../model/problem.ts';
import type { Result } from '../model/result.ts';
import { err, ok } from '../model/result.ts';
import type { AgentConfigFile, DaemonConfigFile } from '../model/schemas.gen.ts';
import type { Validator } from '../model/validators.gen.ts';
import { validateAgentConfig, validateDaemonConfig } from '../model/validators.gen.ts';
import { reportEffects } from './effects.ts';
import { reportMisfits } from './misfits.ts';
import { readOwn } from './read-own.ts';
import { withRemedy } from './remedy.ts';

type ConfigText = { readonly file: string; readonly text: string };

/** daemon.yaml with the schema's defaults, or every problem in it. */
export function readDaemonConfig(config: ConfigText): Result<DaemonConfigFile, readonly Problem[]> {
  return readConfig(config, 'daemon-config', validateDaemonConfig);
}

/** agent.yaml, or every problem in it. */
export function readAgentConfig(config: ConfigText): Result<AgentConfigFile, readonly Problem[]> {
  return readConfig(config, 'agent-config', validateAgentConfig);
}

function readConfig<File>(
  { file, text }: ConfigText,
  kind: 'daemon-config' | 'agent-config',
  validate: Validator,
): Result<File, readonly Problem[]> {
  const format = file.endsWith('.json') ? 'json' : 'yaml';
  const desk = openDesk({ file, text, format });
  const { roots, faults } = readOwn(text, format);
  for (const { code, at, pointer, message, hint } of faults) {
    desk.error(
      code,
      { node: { kind: 'scalar', at, value: null, written: null }, pointer },
      message,
      hint,
    );
  }
  const [root = { kind: 'map', at: 0, entries: [] } as const, second] = roots;
  if (second !== undefined) {
    desk.error(
      'further-documents',
      { node: second, pointer: '' },
      'this file holds one definition only',
      'Remove the others.',
    );
  }
  const value = toJson(root);
  reportEffects({ desk, root, path: file }, kind, value);
  if (faults.length === 0 && !validate(value))
    reportMisfits(desk, root, kind, validate.errors ?? []);
  const problems = desk.problems.map(withRemedy).sort(compareProblems);
  if (problems.some(({ severity }) => severity === 'error')) return err(problems);
  return ok(value as unknown as File);
}
