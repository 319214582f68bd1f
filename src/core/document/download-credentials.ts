/** Which inputs of `aws:downloadContent` are credentials: the only ones that may refer to a SecureString. @see spec/documents.md §4.9 */

import { unreachable } from '../model/errors.ts';
import type { Json } from '../model/json.ts';
import { isJsonObject } from '../model/json.ts';
import type { DownloadSource } from './download-content.ts';
import { inputOf } from './inputs.ts';
import { readJson } from './read-json.ts';
import { toJson } from './source.ts';

type Credentials = { readonly [field: string]: string };

const FIELDS = ['username', 'password', 'privateSSHKey', 'tokenInfo'] as const;

/** `sourceInfo`: a map, or a text that holds one; null when it is neither. */
export function sourceInfo(input: Json): Json {
  if (typeof input !== 'string') return input;
  const { root } = readJson(input);
  return root === null ? null : toJson(root);
}

/**
 * The credentials that inputs give, whatever else is wrong with them: what they refer to must travel with the job before
 * anybody knows what `{{ssm:…}}` elsewhere in them will say.
 */
export function credentialTexts(inputs: Json): Credentials {
  const info = sourceInfo(inputOf(inputs, 'sourceInfo') ?? null);
  if (!isJsonObject(info)) return {};
  const found = FIELDS.map((field) => [field, inputOf(info, field)] as const);
  return Object.fromEntries(
    found.flatMap(([field, value]) => (typeof value === 'string' ? [[field, value]] : [])),
  );
}

/** Those that a source has. */
export function credentialsOf(source: DownloadSource): Credentials {
  switch (source.sourceType) {
    case 'HTTP': {
      const { authMethod, username, password } = source;
      return authMethod === 'None' ? {} : { username, password };
    }
    case 'Git': {
      const { username, password, privateSSHKey } = source;
      return { username, password, privateSSHKey };
    }
    case 'GitHub':
      return { tokenInfo: source.tokenInfo };
    case 'S3':
    case 'SSMDocument':
      return {};
    default:
      return unreachable(source);
  }
}

/** The source with plain texts in place of the credentials that are named. */
export function withCredentials(source: DownloadSource, plain: Credentials): DownloadSource {
  switch (source.sourceType) {
    case 'HTTP':
    case 'Git': {
      const { username = source.username, password = source.password } = plain;
      if (source.sourceType === 'HTTP') return { ...source, username, password };
      const { privateSSHKey = source.privateSSHKey } = plain;
      return { ...source, username, password, privateSSHKey };
    }
    case 'GitHub': {
      const { tokenInfo = source.tokenInfo } = plain;
      return { ...source, tokenInfo };
    }
    case 'S3':
    case 'SSMDocument':
      return source;
    default:
      return unreachable(source);
  }
}
