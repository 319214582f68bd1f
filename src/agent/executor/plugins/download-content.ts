import { downloadRequest } from '../../../core/document/download-content.ts';
import { scriptTimeoutSeconds } from '../../../core/document/inputs.ts';
import { mentionsSecureStore } from '../../../core/document/store.ts';
import type { Plugin } from './plugin.ts';

/** `aws:downloadContent`. @see spec/documents.md §4.9 */
export const downloadContent: Plugin = {
  action: 'aws:downloadContent',
  isProgram: true,

  plan({ inputs, documents }, node, { downloads, folder }) {
    const request = downloadRequest(inputs);
    if (!request.ok) return { kind: 'failure', text: request.error };
    const { source, destinationPath } = request.value;
    if (Object.values(source).some((value) => mentionsSecureStore(String(value))))
      return { kind: 'failure', text: 'SecureString parameters are not supported in sourceInfo' };
    const name = source.sourceType === 'SSMDocument' ? source.name : '';
    const included = Object.hasOwn(documents, name) ? documents[name] : undefined;
    if (name !== '' && included === undefined)
      return { kind: 'failure', text: `document ${name} did not come with the job` };
    return {
      kind: 'program',
      timeoutMs: scriptTimeoutSeconds(undefined) * 1000,
      order: {
        kind: 'download',
        source,
        destinationPath,
        downloads,
        scratch: folder,
        s3CredentialsFile: `${node.root}/etc/reconciled/s3-credentials.json`,
        document: included?.content ?? null,
        gitHubUrl: 'https://github.com',
      },
    };
  },
};
