import { downloadRequest } from '../../../core/document/download-content.ts';
import { credentialsOf } from '../../../core/document/download-credentials.ts';
import { scriptTimeoutSeconds } from '../../../core/document/inputs.ts';
import type { SecretPiece } from '../../../core/document/prepared.ts';
import { secretPieces } from '../../../core/document/secure.ts';
import type { Plugin } from './plugin.ts';

/** `aws:downloadContent`. @see spec/documents.md §4.9 */
export const downloadContent: Plugin = {
  action: 'aws:downloadContent',
  isProgram: true,

  plan({ inputs, documents, ciphertexts }, node, { downloads, scratch }) {
    const request = downloadRequest(inputs);
    if (!request.ok) return { kind: 'failure', text: request.error };
    const { source, destinationPath } = request.value;
    const secrets = secretsOf(credentialsOf(source));
    const missing = namesIn(secrets).filter((name) => !Object.hasOwn(ciphertexts, name));
    if (missing.length > 0)
      return { kind: 'failure', text: `Input contains invalid parameters [${missing.join(' ')}]` };
    const name = source.sourceType === 'SSMDocument' ? source.name : '';
    const included = Object.hasOwn(documents, name) ? documents[name] : undefined;
    if (name !== '' && included === undefined)
      return { kind: 'failure', text: `document ${name} did not come with the job` };
    return {
      kind: 'program',
      secrets,
      timeoutMs: scriptTimeoutSeconds(undefined) * 1000,
      order: {
        kind: 'download',
        source,
        destinationPath,
        downloads,
        scratch,
        s3CredentialsFile: `${node.root}/etc/reconciled/s3-credentials.json`,
        document: included?.content ?? null,
        gitHubUrl: 'https://github.com',
      },
    };
  },
};

type SecretTexts = { readonly [field: string]: readonly SecretPiece[] };

/** Credentials with a SecureString in them, in pieces. */
function secretsOf(credentials: { readonly [field: string]: string }): SecretTexts {
  return Object.fromEntries(
    Object.entries(credentials)
      .map(([field, text]) => [field, secretPieces(text)] as const)
      .filter(([, pieces]) => pieces.some((piece) => 'secret' in piece)),
  );
}

const namesIn = (secrets: SecretTexts): readonly string[] =>
  Object.values(secrets).flatMap((pieces) =>
    pieces.flatMap((piece) => ('secret' in piece ? [piece.secret] : [])),
  );
