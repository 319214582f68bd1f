import { isAbsolute, join } from 'node:path';
import { documentRequest } from '../../../core/document/run-document.ts';
import type { Plugin } from './plugin.ts';

/**
 * `aws:runDocument`: the steps of the inner document are tasks of their own (`agent/flow.ts`); what is done here is to read
 * it where it lies in a file. @see spec/documents.md §4.3
 */
export const runDocument: Plugin = {
  action: 'aws:runDocument',
  startsNoProcess: true,

  plan({ inputs }, _node, { downloads }) {
    const request = documentRequest(inputs);
    if (!request.ok) return { kind: 'failure', text: request.error };
    const { path } = request.value;
    return isAbsolute(path)
      ? { kind: 'read', path, within: '/' }
      : { kind: 'read', path: join(downloads, path), within: downloads };
  },
};
