/** Whether a 2.2 step may run here. @see spec/documents.md §3.3 */
import type { ParameterDefinition } from '../model/document.ts';
import type { Json, JsonObject } from '../model/json.ts';
import type { PlatformType } from './prepared.ts';
import { mentionsSecureStore, mentionsStore, storeReferences } from './store.ts';
import { substitute } from './substitute.ts';
import { textOf } from './text.ts';

export type Verdict = {
  /** False: the step is skipped, whatever else is wrong. */
  readonly allowed: boolean;
  /** Unmet and unrecognised conditions together, as the reference lists them. */
  readonly conditions: readonly string[];
};

type Precondition = { readonly [operator: string]: readonly string[] };

/** `parameters` are effective and unresolved. */
export function evaluatePrecondition(
  precondition: Precondition,
  parameters: JsonObject,
  platformType: PlatformType,
): Verdict {
  let allowed = true;
  const conditions: string[] = [];
  for (const [operator, operands] of Object.entries(precondition)) {
    if (operator !== 'StringEquals') {
      conditions.push(`unrecognized operator: "${operator}"`);
      continue;
    }
    const judged = judgeStringEquals(operands, parameters, platformType);
    if (judged === null) continue;
    if (judged.unmet) allowed = false;
    conditions.push(`"StringEquals": ${judged.text}`);
  }
  return { allowed, conditions };
}

const NO_REFERENCES = "operator's arguments can't contain SSM parameters";

/** Why a step with these operands fails on every platform whatever its parameters are given; null: it can run. */
export function standingObjection(
  operands: readonly string[],
  definitions: ReadonlyMap<string, ParameterDefinition>,
): string | null {
  if (storeReferences([...operands]).length > 0) return NO_REFERENCES;
  const values = Array.from(
    definitions.values(),
    ({ name, type }) => [name, anyValue(type)] as const,
  );
  const judged = judgeStringEquals(operands, Object.fromEntries(values), 'Linux');
  return judged === null || judged.unmet ? null : judged.text;
}

/** A StringMap may be given as a text. */
const anyValue = (type: ParameterDefinition['type']): Json =>
  type === 'StringList' || type === 'MapList' ? [] : '';

type Objection = { readonly unmet: boolean; readonly text: string };

/** Null: met. The order of the checks is the reference's. */
function judgeStringEquals(
  operands: readonly string[],
  parameters: JsonObject,
  platformType: PlatformType,
): Objection | null {
  const [first, second] = operands;
  if (first === undefined || second === undefined || operands.length !== 2)
    return unrecognised('operator accepts exactly 2 arguments');
  if (first === second) {
    if (first === 'platformType') return unrecognised('[platformType platformType]');
    return unrecognised("operator's arguments can't be identical");
  }
  if (mentionsStore(first) || mentionsStore(second)) return unrecognised(NO_REFERENCES);
  if (mentionsSecureStore(first) || mentionsSecureStore(second))
    return unrecognised("operator's arguments can't contain secure SSM parameters");
  const unmet: Objection = { unmet: true, text: `[${first}, ${second}]` };
  if (first === 'platformType' || second === 'platformType') {
    const other = first === 'platformType' ? second : first;
    if (isChanged(other, parameters))
      return unrecognised(
        "the second argument for the platformType variable can't contain document parameters",
      );
    return other.toLowerCase() === platformType.toLowerCase() ? null : unmet;
  }
  if (!isChanged(first, parameters) && !isChanged(second, parameters))
    return unrecognised(
      "at least one of operator's arguments must contain a valid document parameter",
    );
  // The reference crashes here; a list or a map is never equal to a text. Inside a longer text it is its JSON.
  if ([first, second].some((operand) => isNoText(substitute(operand, parameters))))
    return unrecognised("operator's arguments can't contain parameters that are lists or maps");
  return textOf(substitute(first, parameters)) === textOf(substitute(second, parameters))
    ? null
    : unmet;
}

function unrecognised(text: string): Objection {
  return { unmet: false, text };
}

/** A parameter whose value is its own token changes nothing. */
const isChanged = (operand: string, parameters: JsonObject): boolean =>
  substitute(operand, parameters) !== operand;

const isNoText = (value: Json): boolean => typeof value === 'object';
