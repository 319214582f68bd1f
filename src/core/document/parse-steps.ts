/** The body of a document: `mainSteps` of 2.x, `runtimeConfig` of 1.x, as one list of steps. @see spec/documents.md §3 */
import type { SchemaVersion, Step } from '../model/document.ts';
import type { Json } from '../model/json.ts';
import { SCRIPT_ACTIONS } from './actions.ts';
import type { Desk, Spot } from './desk.ts';
import {
  entriesOf,
  fieldOf,
  isNothing,
  textField,
  textOfScalar,
  travelsAsText,
  warnUnknownKeys,
} from './desk.ts';
import { DOCUMENT_STEPS_MAX, pointTo, toJson } from './source.ts';

/** A step with the place of its inputs, for the rules that look inside. */
export type ParsedStep = { readonly step: Step; readonly spot: Spot; readonly inputs: Spot | null };

const STEP_KEYS = ['action', 'name', 'inputs', 'precondition', 'settings', 'description'];

const UNDER_INPUTS = 'Put it under inputs.';
const EFFECTLESS = {
  timeoutSeconds: UNDER_INPUTS,
  onFailure: UNDER_INPUTS,
  onSuccess: UNDER_INPUTS,
  finallyStep: UNDER_INPUTS,
  maxAttempts: 'A step runs once; repeat inside the script.',
  isEnd: 'Use onSuccess: exit under inputs.',
  nextStep: 'Steps run in written order.',
  isCritical: 'Use onFailure: exit under inputs.',
  outputs: 'It belongs to Automation runbooks.',
};
/** With a time limit among their inputs. */
const TIMED_ACTIONS: ReadonlySet<string> = new Set([...SCRIPT_ACTIONS, 'aws:runDockerAction']);

export function parseSteps(desk: Desk, root: Spot, version: SchemaVersion): readonly ParsedStep[] {
  const mainSteps = fieldOf(desk, root, 'mainSteps');
  const runtimeConfig = fieldOf(desk, root, 'runtimeConfig');
  if (version === '1.2') {
    if (!isNothing(mainSteps) && mainSteps !== null)
      desk.warn('no-effect', mainSteps, 'mainSteps has no effect in schemaVersion 1.2');
    return parseRuntimeConfig(desk, root, runtimeConfig);
  }
  if (runtimeConfig !== null && !isNothing(runtimeConfig) && runtimeConfig.node.kind !== 'map')
    desk.error('not-a-map', runtimeConfig, 'runtimeConfig must be a map of actions');
  else if (runtimeConfig !== null && sizeOf(runtimeConfig) > 0)
    desk.error(
      'runtime-config',
      runtimeConfig,
      'with runtimeConfig beside mainSteps no parameter would reach the steps',
      'Remove runtimeConfig.',
    );
  return parseMainSteps(desk, root, mainSteps);
}

function parseMainSteps(desk: Desk, root: Spot, field: Spot | null): readonly ParsedStep[] {
  if (field === null || isNothing(field) || (field.node.kind === 'list' && sizeOf(field) === 0)) {
    desk.error(
      'no-steps',
      field ?? root,
      'Unsupported schema format: mainSteps is missing or empty',
    );
    return [];
  }
  if (field.node.kind !== 'list') {
    desk.error('not-a-list', field, 'mainSteps must be a list of steps');
    return [];
  }
  const { items } = field.node;
  if (items.length > DOCUMENT_STEPS_MAX)
    desk.error(
      'too-many-steps',
      field,
      `${items.length} steps; at most ${DOCUMENT_STEPS_MAX} are allowed`,
    );
  const steps = items.slice(0, DOCUMENT_STEPS_MAX).flatMap((node, i) => {
    const parsed = parseStep(desk, { node, pointer: pointTo(field.pointer, i) });
    return parsed === null ? [] : [parsed];
  });
  refuseSameNames(desk, steps);
  return steps;
}

function parseStep(desk: Desk, spot: Spot): ParsedStep | null {
  if (spot.node.kind !== 'map') {
    desk.error('null-entry', spot, isNothing(spot) ? 'this step is empty' : 'a step must be a map');
    return null;
  }
  const action = textField(desk, spot, 'action') ?? '';
  const effectless = TIMED_ACTIONS.has(action)
    ? EFFECTLESS
    : { ...EFFECTLESS, timeoutSeconds: 'Remove it.' };
  warnUnknownKeys(desk, spot, { of: 'a step', known: STEP_KEYS, effectless });
  refuseNonIntegers(desk, spot);
  if (action === '')
    desk.error(
      'step-action-missing',
      spot,
      'this step has no action',
      'Write e.g. action: aws:runShellScript.',
    );
  const name = parseName(desk, spot);
  const inputs = fieldOf(desk, spot, 'inputs');
  const precondition = parsePrecondition(desk, spot);
  return {
    step: { name, action, inputs: inputsOf(desk, inputs), precondition, place: desk.placeOf(spot) },
    spot,
    inputs,
  };
}

/** One to two characters pass nodes and are refused by AWS's service, so they only warn. */
const STEP_NAME = /^(?!\.+$)[A-Za-z0-9_.-]{1,128}$/;
const STEP_NAME_CHARS_MIN = 3;

function parseName(desk: Desk, spot: Spot): string {
  const name = textField(desk, spot, 'name') ?? '';
  const field = fieldOf(desk, spot, 'name') ?? spot;
  if (name === '')
    desk.error(
      'step-name',
      field,
      'this step has no name',
      'Give it a name of 3 to 128 letters, digits, _, - or dots.',
    );
  else if (!STEP_NAME.test(name))
    desk.error(
      'step-name',
      field,
      `"${name}" is no name of a step`,
      'Use 3 to 128 letters, digits, _, - and dots.',
    );
  else if (name.length < STEP_NAME_CHARS_MIN)
    desk.warn(
      'step-name-short',
      field,
      `AWS asks for at least ${STEP_NAME_CHARS_MIN} characters in a step's name`,
    );
  return name;
}

/** Two steps with one name would share one result, and one folder. */
function refuseSameNames(desk: Desk, steps: readonly ParsedStep[]): void {
  const first = new Map<string, ParsedStep>();
  for (const parsed of steps) {
    const { name } = parsed.step;
    const other = first.get(name);
    if (other === undefined) first.set(name, parsed);
    else if (name !== '')
      desk.error(
        'duplicate-step-name',
        fieldOf(desk, parsed.spot, 'name') ?? parsed.spot,
        `two steps are named ${name}; the first is at line ${other.step.place.line}`,
        'Give each step its own name.',
      );
  }
}

/** The reference refuses the whole document for these, although they have no effect. */
function refuseNonIntegers(desk: Desk, spot: Spot): void {
  for (const key of ['timeoutSeconds', 'maxAttempts']) {
    const field = fieldOf(desk, spot, key);
    if (field === null || isNothing(field)) continue;
    const value = toJson(field.node);
    if (typeof value !== 'number' || !Number.isInteger(value))
      desk.error('not-an-integer', field, `${key} of a step must be a whole number`, UNDER_INPUTS);
  }
  textField(desk, spot, 'onFailure');
}

function parsePrecondition(desk: Desk, spot: Spot): Step['precondition'] {
  const field = fieldOf(desk, spot, 'precondition');
  if (field === null || isNothing(field)) return null;
  if (field.node.kind !== 'map') {
    desk.error(
      'precondition',
      field,
      'a precondition must be a map of an operator to two texts',
      PRECONDITION_HINT,
    );
    return null;
  }
  const entries = entriesOf(field.node, field.pointer).map(({ key, spot: operands }) => {
    const texts = operands.node.kind === 'list' ? operands.node.items.map(textOfScalar) : null;
    if (texts?.every((text) => text !== null) === true) {
      if (operands.node.kind === 'list')
        for (const item of operands.node.items) travelsAsText(desk, item);
      return [key, texts] as const;
    }
    desk.error('precondition', operands, `${key} must be a list of texts`, PRECONDITION_HINT);
    return [key, []] as const;
  });
  return Object.fromEntries(entries);
}

const PRECONDITION_HINT = 'Write e.g. StringEquals: [platformType, Linux].';

function inputsOf(desk: Desk, inputs: Spot | null): Json {
  if (inputs === null || isNothing(inputs)) return null;
  if (inputs.node.kind === 'scalar') {
    desk.error('inputs', inputs, 'inputs must be a map, or a list of maps');
    return null;
  }
  const content = toJson(inputs.node);
  desk.travelling.set(inputs.node, content);
  return content;
}

const CONFIG_KEYS = ['settings', 'properties', 'description', 'precondition'];

/** 1.x: the key is action, name and id at once. The reference's order is undefined; ours is as written. */
function parseRuntimeConfig(desk: Desk, root: Spot, field: Spot | null): readonly ParsedStep[] {
  if (field === null || isNothing(field) || (field.node.kind === 'map' && sizeOf(field) === 0)) {
    desk.error(
      'no-steps',
      field ?? root,
      'Unsupported schema format: runtimeConfig is missing or empty',
    );
    return [];
  }
  if (field.node.kind !== 'map') {
    desk.error('not-a-map', field, 'runtimeConfig must be a map of actions');
    return [];
  }
  if (sizeOf(field) > DOCUMENT_STEPS_MAX)
    desk.error(
      'too-many-steps',
      field,
      `${sizeOf(field)} steps; at most ${DOCUMENT_STEPS_MAX} are allowed`,
    );
  return entriesOf(field.node, field.pointer).flatMap(({ key, spot, keySpot }) => {
    if (spot.node.kind !== 'map') {
      desk.error('null-entry', spot, `${key} has no properties`);
      return [];
    }
    warnUnknownKeys(desk, spot, { of: 'a runtimeConfig entry', known: CONFIG_KEYS });
    textField(desk, spot, 'description');
    const properties = fieldOf(desk, spot, 'properties');
    const step: Step = {
      name: key,
      action: key,
      inputs: properties === null ? null : toJson(properties.node),
      precondition: parsePrecondition(desk, spot),
      place: desk.placeOf(keySpot),
    };
    // Its settings and precondition lie in `spot`; what is told of it as a whole, at its key.
    return [
      { step, spot: { ...spot, node: { ...spot.node, at: keySpot.node.at } }, inputs: properties },
    ];
  });
}

function sizeOf({ node }: Spot): number {
  if (node.kind === 'map') return node.entries.length;
  return node.kind === 'list' ? node.items.length : 0;
}
