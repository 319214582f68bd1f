import type { Job } from '../protocol/messages.ts';
import type { Ciphertexts } from '../secrets/open.ts';

/** The secrets that come with a job. */
export function ciphertextsOf({ parameterStore }: Pick<Job, 'parameterStore'>): Ciphertexts {
  const secure = Object.entries(parameterStore).filter(([, { type }]) => type === 'SecureString');
  return Object.fromEntries(secure.map(([name, { value }]) => [name, value]));
}
