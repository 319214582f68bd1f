import { inputOf, invalidInputsText } from '../../../core/document/inputs.ts';
import type { Json } from '../../../core/model/json.ts';
import { REFRESH_MAX } from '../../../protocol/messages.ts';
import type { Plugin } from './plugin.ts';

/**
 * `aws:refreshAssociation`: the run's result asks, and the daemon starts them once this run is over. Associations are named
 * by AssociationName or by AssociationId. @see spec/documents.md §4.12
 */
export const refreshAssociation: Plugin = {
  action: 'aws:refreshAssociation',
  startsNoProcess: true,

  plan({ inputs }) {
    const given = inputOf(inputs, 'associationIds') ?? [];
    const names = namesOf(given);
    if (names === null || names.length > REFRESH_MAX || names.some((name) => name.length > 128)) {
      const why = `associationIds must be a list of at most ${REFRESH_MAX} names or ids`;
      return { kind: 'failure', text: invalidInputsText(inputs, why) };
    }
    const what = names.length === 0 ? 'All associations' : `Associations [${names.join(' ')}]`;
    const text = `${what} have been requested to execute immediately`;
    return { kind: 'request', text, refresh: names };
  },
};

/** Empty names are none; a list of none is all. */
function namesOf(given: Json): readonly string[] | null {
  if (typeof given === 'string') return given === '' ? [] : null;
  if (!Array.isArray(given)) return null;
  const names = (given as readonly Json[]).filter((one) => typeof one === 'string');
  return names.length === given.length ? names.filter((name) => name !== '') : null;
}
