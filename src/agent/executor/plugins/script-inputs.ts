/** What every action that runs a script reads: its lines, folder, environment and time-out. @see spec/documents.md §4.1 */
import { statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import {
  inputOf,
  invalidInputsText,
  scriptLines,
  scriptTimeoutSeconds,
} from '../../../core/document/inputs.ts';
import type { Json, JsonObject } from '../../../core/model/json.ts';
import { isJsonObject } from '../../../core/model/json.ts';
import { isSystemError } from '../../../disk/errors.ts';
import type { TaskOrder } from '../../ports.ts';
import type { Failure, NodeEnvironment, Script, TaskPaths } from './plugin.ts';

/** A step whose `runCommand` is a script. */
export function planScript(
  order: TaskOrder,
  node: NodeEnvironment,
  paths: TaskPaths,
): Script | Failure {
  const { inputs } = order;
  const lines = textsOf(scriptLines(inputOf(inputs, 'runCommand')) ?? []);
  if (lines === null) return invalid(inputs, 'runCommand must be a list of texts');
  const given = environmentOf(inputOf(inputs, 'environment') ?? null);
  if (given === null) return invalid(inputs, 'environment must be a map of texts');
  const wanted = inputOf(inputs, 'workingDirectory') ?? '';
  if (typeof wanted !== 'string' || wanted.includes('\0'))
    return invalid(inputs, 'workingDirectory must be a text');
  if (typeof (inputOf(inputs, 'id') ?? '') !== 'string')
    return invalid(inputs, 'id must be a text');
  const workingDirectory = chooseDirectory(wanted, node, paths);
  if (!isDirectory(workingDirectory)) {
    const shown = workingDirectory.slice(0, 1_000);
    const text = `failed to run commands: chdir ${shown}: no such file or directory`;
    return { kind: 'failure', text };
  }
  return {
    kind: 'script',
    text: `${lines.join('\n')}\n`,
    workingDirectory,
    environment: { ...given, ...order.environment, ...nodeVariables(order, node) },
    timeoutMs: scriptTimeoutSeconds(inputOf(inputs, 'timeoutSeconds')) * 1000,
  };
}

/** A step that runs a program with what the node's scripts get, and no script of the document. */
export function planProgram(
  order: TaskOrder,
  node: NodeEnvironment,
  paths: TaskPaths,
  text: string,
): Script | Failure {
  const { inputs } = order;
  const runCommand: readonly string[] = [];
  const plain = { runCommand, timeoutSeconds: inputOf(inputs, 'timeoutSeconds') ?? 3600 };
  const workingDirectory = inputOf(inputs, 'workingDirectory') ?? '';
  const plan = planScript({ ...order, inputs: { ...plain, workingDirectory } }, node, paths);
  return plan.kind === 'failure' ? plan : { ...plan, text };
}

/** These win over what the document gives. */
function nodeVariables(
  order: TaskOrder,
  node: NodeEnvironment,
): { readonly [name: string]: string } {
  return {
    RECONCILED_ROOT: node.root,
    SSM_COMMAND_ID: order.commandId,
    AWS_SSM_INSTANCE_ID: node.nodeId,
    // There is no region here; a script that asks gets an empty answer instead of an unset variable.
    AWS_SSM_REGION_NAME: '',
    AWS_SSM_PLATFORM_NAME: node.platformName,
    AWS_SSM_PLATFORM_VERSION: node.platformVersion,
  };
}

/**
 * Absolute: as written. Otherwise below `downloads` of the run if that exists (for an empty value `downloads` itself);
 * else the node's own: `/`, or the folder that `--root` names.
 */
function chooseDirectory(wanted: string, node: NodeEnvironment, { downloads }: TaskPaths): string {
  if (isAbsolute(wanted)) return wanted;
  const below = join(downloads, wanted);
  const inside = below === downloads || below.startsWith(`${downloads}/`);
  if (inside && isDirectory(below)) return below;
  return node.root === '' ? '/' : node.root;
}

/** False also for what the system refuses to look at: a name that is too long, a link to itself. */
function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (cause) {
    if (isSystemError(cause)) return false;
    throw cause;
  }
}

function textsOf(value: Json): readonly string[] | null {
  if (!Array.isArray(value)) return null;
  const texts = (value as readonly Json[]).filter((line) => typeof line === 'string');
  return texts.length === value.length ? texts : null;
}

function environmentOf(value: Json): { readonly [name: string]: string } | null {
  if (value === null) return {};
  if (!isJsonObject(value)) return null;
  const variables: [string, string][] = [];
  for (const [name, given] of Object.entries(value)) {
    const text = given ?? ''; // as nodes read it
    if (typeof text !== 'string' || !/^[^=\0]+$/.test(name) || text.includes('\0')) return null;
    variables.push([name, text]);
  }
  return Object.fromEntries(variables);
}

const invalid = (inputs: JsonObject, why: string): Failure => ({
  kind: 'failure',
  text: invalidInputsText(inputs, why),
});
