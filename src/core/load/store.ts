import type { StoreLookup, StoreValue } from '../document/prepared.ts';
import type { Parameter } from '../model/association.ts';

/** `name`, `name:2` or `name:label` against the entries of a revision; there is no falling back to another version. */
export function findParameter(
  parameters: ReadonlyMap<string, Parameter>,
  reference: string,
): StoreValue | null {
  const colon = reference.lastIndexOf(':');
  const name = colon === -1 ? reference : reference.slice(0, colon);
  const parameter = parameters.get(name);
  if (parameter === undefined) return null;
  const { type, value } = parameter;
  if (colon === -1) return { type, value };
  const selector = reference.slice(colon + 1);
  const found = [parameter, ...parameter.history].find(
    ({ version, labels }) => selector === String(version) || labels.includes(selector),
  );
  return found === undefined ? null : { type, value: found.value };
}

export function storeOf(parameters: ReadonlyMap<string, Parameter>): StoreLookup {
  return (reference) => findParameter(parameters, reference);
}

/** A reference without its version or label. */
export function nameIn(reference: string): string {
  const colon = reference.lastIndexOf(':');
  return colon === -1 ? reference : reference.slice(0, colon);
}
