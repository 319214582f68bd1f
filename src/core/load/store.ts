import type { StoreLookup } from '../document/prepared.ts';
import type { Parameter } from '../model/association.ts';

/** `name`, `name:2` or `name:label` against the entries of a revision; the version and the label must be the one stated. */
export function findParameter(
  parameters: ReadonlyMap<string, Parameter>,
  reference: string,
): Parameter | null {
  const colon = reference.lastIndexOf(':');
  const name = colon === -1 ? reference : reference.slice(0, colon);
  const parameter = parameters.get(name);
  if (parameter === undefined) return null;
  if (colon === -1) return parameter;
  const selector = reference.slice(colon + 1);
  const fits = selector === String(parameter.version) || parameter.labels.includes(selector);
  return fits ? parameter : null;
}

export function storeOf(parameters: ReadonlyMap<string, Parameter>): StoreLookup {
  return (reference) => {
    const found = findParameter(parameters, reference);
    return found === null ? null : { type: found.type, value: found.value };
  };
}
