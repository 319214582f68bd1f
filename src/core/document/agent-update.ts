/** `aws:updateSsmAgent`: inputs, or a text for what is wrong with them. @see spec/documents.md §4.13 */
import type { JsonObject } from '../model/json.ts';
import type { Result } from '../model/result.ts';
import { err, ok } from '../model/result.ts';
import { inputOf } from './inputs.ts';

export type UpdateRequest = {
  /** Address of the manifest; `{Region}` in it is not replaced yet. */
  readonly source: string;
  readonly mayDowngrade: boolean;
  /** '' is the newest. */
  readonly targetVersion: string;
};

export function updateRequest(inputs: JsonObject): Result<UpdateRequest, string> {
  const text = (name: string): string => {
    const value = inputOf(inputs, name);
    return typeof value === 'string' ? value : '';
  };
  if (text('agentName') !== 'amazon-ssm-agent')
    return err('invalid input: agentName must be amazon-ssm-agent');
  const source = text('source');
  if (source === '') return err('invalid input: source must be the address of a manifest');
  const downgrade = text('allowDowngrade');
  // A text, as the language says: a bare true of YAML is none.
  if (downgrade !== 'true' && downgrade !== 'false')
    return err('invalid input: allowDowngrade must be the text true or false');
  return ok({ source, mayDowngrade: downgrade === 'true', targetVersion: text('targetVersion') });
}
