/** Inputs of `aws:downloadContent`, judged without touching anything; texts are AWS's. @see spec/documents.md §4.9 */
import type { JsonObject } from '../model/json.ts';
import { isJsonObject } from '../model/json.ts';
import type { Result } from '../model/result.ts';
import { err, ok } from '../model/result.ts';
import { sourceInfo } from './download-credentials.ts';
import { inputOf } from './inputs.ts';
import { SECURE_TOKEN } from './secure.ts';

/** Which state of a repository; both '' where the remote's own head is meant. */
export type GitRef = { readonly branch: string; readonly commitID: string };

/** Credentials may still refer to SecureStrings (`download-credentials.ts`). */
export type DownloadSource =
  | {
      readonly sourceType: 'HTTP';
      readonly url: string;
      readonly authMethod: 'None' | 'Basic' | 'Digest';
      readonly username: string;
      readonly password: string;
      readonly allowInsecureDownload: boolean;
      readonly sha256: string;
    }
  | ({
      readonly sourceType: 'Git';
      readonly repository: string;
      readonly username: string;
      readonly password: string;
      readonly privateSSHKey: string;
      readonly skipHostKeyChecking: boolean;
    } & GitRef)
  | ({
      readonly sourceType: 'GitHub';
      readonly owner: string;
      readonly repository: string;
      readonly path: string;
      readonly tokenInfo: string;
    } & GitRef)
  | { readonly sourceType: 'S3'; readonly path: string; readonly sha256: string }
  | { readonly sourceType: 'SSMDocument'; readonly name: string };

export type DownloadRequest = {
  readonly source: DownloadSource;
  /** Absolute, or below `downloads` of the run; '' is `downloads` itself. */
  readonly destinationPath: string;
};

export function downloadRequest(inputs: JsonObject): Result<DownloadRequest, string> {
  const sourceType = inputOf(inputs, 'sourceType') ?? '';
  const info = inputOf(inputs, 'sourceInfo') ?? '';
  const destination = inputOf(inputs, 'destinationPath') ?? '';
  if (sourceType === '') return err('invalid input: SourceType must be specified');
  if (typeof sourceType !== 'string' || !Object.hasOwn(readers, sourceType))
    return err('invalid input: Unsupported source type');
  if (info === '') return err('invalid input: SourceInfo must be specified');
  if (typeof destination !== 'string' || destination.includes('\0'))
    return err('invalid input: DestinationPath must be a text');
  const record = sourceInfo(info);
  if (!isJsonObject(record)) return err(unreadable(sourceType));
  if (Object.values(record).some((value) => typeof value === 'string' && value.includes('\0')))
    return err('invalid input: SourceInfo must hold no NUL');
  const source = readers[sourceType as DownloadSource['sourceType']](fieldsOf(record));
  return source.ok ? ok({ source: source.value, destinationPath: destination }) : source;
}

function unreadable(sourceType: string): string {
  switch (sourceType) {
    case 'SSMDocument':
      return 'SSMDocument SourceInfo parsing failed. SourceInfo could not be unmarshalled for SourceType SSMDocument. Please check JSON format of SourceInfo';
    case 'S3':
      return 's3 url parsing failed. Source Info could not be unmarshalled for source type S3. Please check JSON format of SourceInfo - it is no JSON map';
    case 'GitHub':
      return 'Source Info could not be unmarshalled for source type GitHub. Please check JSON format of sourceInfo - it is no JSON map';
    default:
      return `SourceInfo could not be unmarshalled for source type ${sourceType}: it is no JSON map`;
  }
}

type Fields = {
  text(name: string): string;
  /** Without the white space around it. */
  trimmed(name: string): string;
  is(name: string): boolean;
};

/** What is no text counts as absent, but for the switches. */
function fieldsOf(record: JsonObject): Fields {
  const text = (name: string): string => {
    const value = inputOf(record, name);
    return typeof value === 'string' ? value : '';
  };
  return {
    text,
    trimmed: (name) => text(name).trim(),
    is(name) {
      const value = inputOf(record, name);
      return value === true || value === 'true';
    },
  };
}

const readers: {
  readonly [type in DownloadSource['sourceType']]: (
    fields: Fields,
  ) => Result<DownloadSource, string>;
} = {
  HTTP: readHttp,
  Git: readGit,
  GitHub: readGitHub,
  S3(fields) {
    const path = fields.trimmed('path');
    if (path === '') return err('S3 source path in SourceInfo must be specified');
    const sha256 = readDigest(fields);
    return sha256.ok ? ok({ sourceType: 'S3', path, sha256: sha256.value }) : sha256;
  },
  SSMDocument(fields) {
    const name = fields.text('name');
    if (name === '') return err('SSM Document name in SourceType must be specified');
    return ok({ sourceType: 'SSMDocument', name });
  },
};

const AUTH_METHODS = ['None', 'Basic', 'Digest'] as const;

function readHttp(fields: Fields): Result<DownloadSource, string> {
  const url = fields.trimmed('url');
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  if ((scheme !== 'http' && scheme !== 'https') || !URL.canParse(url))
    return err('URL scheme for HTTP resource type is invalid. HTTP or HTTPS is accepted');
  const written = fields.trimmed('authMethod') || 'None';
  const authMethod = AUTH_METHODS.find((method) => method === written);
  if (authMethod === undefined)
    return err(
      `Invalid authentication method: ${written}. The following methods are accepted: None, Basic, Digest`,
    );
  const allowInsecureDownload = fields.is('allowInsecureDownload');
  if (scheme === 'http' && !allowInsecureDownload)
    return err(
      "Non secure URL provided and insecure download is not allowed. Provide a secure URL or set 'allowInsecureDownload' to true to perform the download operation",
    );
  const sha256 = readDigest(fields);
  if (!sha256.ok) return sha256;
  return ok({
    sourceType: 'HTTP',
    url,
    authMethod,
    username: fields.trimmed('username'),
    password: fields.trimmed('password'),
    allowInsecureDownload,
    sha256: sha256.value,
  });
}

/** Ours: what AWS's agent ignores, it still reads. */
function readDigest(fields: Fields): Result<string, string> {
  const sha256 = fields.text('sha256').toLowerCase();
  if (sha256 === '' || /^[0-9a-f]{64}$/.test(sha256)) return ok(sha256);
  return err('sha256 in SourceInfo must be 64 hexadecimal digits');
}

function readGit(fields: Fields): Result<DownloadSource, string> {
  const ref = getOptions(fields.text('getOptions'));
  if (!ref.ok) return err(`SourceInfo could not be unmarshalled for source type Git: ${ref.error}`);
  const repository = fields.text('repository');
  if (repository === '') return err('Repository for Git resources type must be specified');
  const username = fields.trimmed('username');
  const password = fields.trimmed('password');
  const privateSSHKey = fields.text('privateSSHKey');
  if (/^https?:/i.test(repository)) {
    if (!URL.canParse(repository)) return err('Repository for Git resources type is no URL');
    if (privateSSHKey !== '')
      return err(
        'Private SSH key must not be provided for HTTP type repository URL. Username and Password is required for authentication',
      );
  } else if (username !== '' || password !== '') {
    return err(
      'Neither Username nor Password must not be provided for Git type repository URL. Private SSH key for authentication',
    );
  }
  const skipHostKeyChecking = fields.is('skipHostKeyChecking');
  const credentials = { username, password, privateSSHKey, skipHostKeyChecking };
  return ok({ sourceType: 'Git', repository, ...credentials, ...ref.value });
}

function readGitHub(fields: Fields): Result<DownloadSource, string> {
  const owner = fields.text('owner');
  const repository = fields.text('repository');
  const tokenInfo = fields.text('tokenInfo');
  if (tokenInfo !== '' && tokenInfo.search(SECURE_TOKEN) === -1)
    return err(
      "Format of specifying ssm parameter used for token-parameter-name is incorrect. Please specify parameter as '{{ ssm-secure:parameter-name }}'",
    );
  if (owner === '') return err('Owner for GitHub SourceType must be specified');
  if (repository === '') return err('Repository for GitHub SourceType must be specified');
  if (![owner, repository].every((part) => /^[A-Za-z0-9_.-]+$/.test(part) && !/^\.+$/.test(part)))
    return err('Owner and Repository for GitHub SourceType are single names');
  const ref = getOptions(fields.text('getOptions'));
  if (!ref.ok) return ref;
  return ok({
    sourceType: 'GitHub',
    owner,
    repository,
    path: fields.text('path'),
    tokenInfo,
    ...ref.value,
  });
}

/** `branch:<name>` or `commitID:<sha>`, one of them. */
export function getOptions(text: string): Result<GitRef, string> {
  if (text === '') return ok({ branch: '', commitID: '' });
  const parts = text.split(':');
  const [kind = '', value = ''] = parts;
  if (parts.length > 2) return err('Only specify one required option');
  if (parts.length < 2) return err('getOptions is not specified in the right format');
  if (kind !== 'branch' && kind !== 'commitID')
    return err("Type of option is unknown. Please use either 'branch' or 'commitID'.");
  if (value === '') return err('Option for retrieving git content is empty');
  return ok({ branch: '', commitID: '', [kind]: value.trim() });
}
