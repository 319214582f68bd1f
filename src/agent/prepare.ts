import { prepareRun } from '../core/document/prepare.ts';
import type { Preparation, PreparedStep, RunContext } from '../core/document/prepared.ts';
import {
  depthText,
  documentOfContent,
  documentOfText,
  documentRequest,
  INCLUDE_DEPTH_MAX,
  NOOP_DOCUMENT,
  parseContent,
  prepareIncluded,
  preparingText,
} from '../core/document/run-document.ts';
import type { JsonObject } from '../core/model/json.ts';
import type { Job } from '../protocol/messages.ts';
import { plugins } from './executor/plugins/registry.ts';
import type { OpenDocument, Opened } from './flow.ts';

/** What a document would do on this node; `open` says what the documents that it runs would do. */
export type RunPlan =
  | { readonly ok: true; readonly steps: readonly PreparedStep[]; readonly open: OpenDocument }
  | { readonly ok: false; readonly message: string };

/** The parts of a job that decide what is executed. */
export type Content = Pick<Job, 'parameters' | 'parameterStore' | 'documents'> & {
  readonly document: { readonly content: JsonObject };
};

/** What the document of a job would do on this node. The same job gives the same steps, so they are kept while it runs. */
export function preparer(): (job: Job) => RunPlan {
  let last: { readonly job: Job; readonly plan: RunPlan } | null = null;
  return (job) => {
    if (last?.job !== job) last = { job, plan: prepareContent(job) };
    return last.plan;
  };
}

/** Agents run on Linux, so the platform is no question. */
export function prepareContent(content: Content): RunPlan {
  const { document, problems } = parseContent(content.document.content);
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
  const { parameterStore } = content;
  const context: RunContext = {
    platformType: 'Linux',
    handlers: new Set(plugins.keys()),
    store: (reference) =>
      Object.hasOwn(parameterStore, reference) ? (parameterStore[reference] ?? null) : null,
  };
  const prepared = prepareRun(document, content.parameters, context);
  return prepared.ok ? { ...prepared, open: opener(content, context) } : prepared;
}

/** Asked again at every step, so answers are kept: by the inputs, which stay the same objects while the plan lives. */
function opener({ documents }: Content, context: RunContext): OpenDocument {
  const answers = new WeakMap<
    JsonObject,
    { readonly text: string | null; readonly opened: Opened }
  >();
  return (inputs, depth, text) => {
    const known = answers.get(inputs);
    if (known?.text === text) return known.opened;
    const opened = openDocument(inputs, { depth, text, documents, context });
    answers.set(inputs, { text, opened });
    return opened;
  };
}

function openDocument(
  inputs: JsonObject,
  given: {
    readonly depth: number;
    readonly text: string | null;
    readonly documents: Job['documents'];
    readonly context: RunContext;
  },
): Opened {
  const { depth, text, documents, context } = given;
  const request = documentRequest(inputs);
  if (!request.ok) return { kind: 'failure', text: request.error };
  if (depth >= INCLUDE_DEPTH_MAX) return { kind: 'failure', text: depthText(depth + 1) };
  const { type, path, parameters } = request.value;
  if (path === NOOP_DOCUMENT) return { kind: 'steps', steps: [] };
  const failure = (why: string): Opened => ({ kind: 'failure', text: preparingText(why) });
  if (type === 'LocalPath' && text === null) return { kind: 'unread' };
  const included =
    type === 'SSMDocument' && Object.hasOwn(documents, path) ? documents[path] : undefined;
  if (type === 'SSMDocument' && included === undefined) {
    return failure(`document ${path} did not come with the job`);
  }
  const document =
    included === undefined ? documentOfText(text ?? '') : documentOfContent(included.content);
  if (!document.ok) return failure(document.error);
  const prepared: Preparation = prepareIncluded(document.value, parameters, context);
  return prepared.ok ? { kind: 'steps', steps: prepared.steps } : failure(prepared.message);
}
