import { parseDocument } from '../core/document/parse.ts';
import { prepareRun } from '../core/document/prepare.ts';
import type { Preparation } from '../core/document/prepared.ts';
import type { JsonObject } from '../core/model/json.ts';
import type { Job } from '../protocol/messages.ts';
import { plugins } from './executor/plugins/registry.ts';

/** What the document of a job would do on this node. The same job gives the same steps, so they are kept while it runs. */
export function preparer(): (job: Job) => Preparation {
  let last: { readonly job: Job; readonly preparation: Preparation } | null = null;
  return (job) => {
    if (last?.job !== job) {
      const { document, parameters, parameterStore } = job;
      last = { job, preparation: prepareContent(document.content, parameters, parameterStore) };
    }
    return last.preparation;
  };
}

/** Agents run on Linux, so the platform is no question. */
export function prepareContent(
  content: JsonObject,
  parameters: JsonObject,
  parameterStore: Job['parameterStore'],
): Preparation {
  const { document, problems } = parseDocument(JSON.stringify(content), {
    file: 'document.json',
    format: 'json',
  });
  if (document === null) {
    const errors = problems.filter(({ severity }) => severity === 'error');
    return {
      ok: false,
      message: errors
        .map(({ message }) => message)
        .join('; ')
        .slice(0, 500),
    };
  }
  return prepareRun(document, parameters, {
    platformType: 'Linux',
    handlers: new Set(plugins.keys()),
    store: (reference) =>
      Object.hasOwn(parameterStore, reference) ? (parameterStore[reference] ?? null) : null,
  });
}
