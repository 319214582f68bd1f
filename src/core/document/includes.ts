/**
 * Documents that a document includes by name, `aws:runDocument` and `aws:downloadContent` of type `SSMDocument`: they travel
 * with the job, and their content is part of what a node would execute.
 */
import type { CatalogDocument, Document } from '../model/document.ts';
import type { Json, JsonObject } from '../model/json.ts';
import { isJsonObject } from '../model/json.ts';
import { KNOWN_ACTIONS, RUN_DOCUMENT } from './actions.ts';
import { sourceInfo } from './download-credentials.ts';
import { inputOf } from './inputs.ts';
import { prepareRun } from './prepare.ts';
import type { StoreLookup } from './prepared.ts';
import {
  documentRequest,
  INCLUDE_DEPTH_MAX,
  includedParameters,
  NOOP_DOCUMENT,
  prepareIncluded,
} from './run-document.ts';
import { resolveReferences } from './store.ts';

const DOWNLOAD_CONTENT = 'aws:downloadContent';

/** More documents than this in one job are refused; each has at most 64 KiB, and a message at most 512. */
export const INCLUDES_MAX = 20;
export const INCLUDES_BYTES_MAX = 256 * 1024;
/** Documents that name each other many times over are a bomb. */
const VISITS_MAX = 200;

export type Inclusion = {
  /** As the step names it: `Name` or `Name:version`. */
  readonly reference: string;
  /** Null: nobody has it. */
  readonly document: CatalogDocument | null;
  /** What it is run with, each time; empty when it is only downloaded. */
  readonly runs: readonly JsonObject[];
};

export type Includes = {
  /** By reference, each once. */
  readonly found: readonly Inclusion[];
  readonly tooMany: boolean;
  /** The first one that would be run by a document already as deep as documents may be: that step fails on every node. */
  readonly tooDeep: string | null;
  /** The first one that cannot take what it is run with: that step fails on every node. */
  readonly unfit: { readonly reference: string; readonly why: string } | null;
};

/**
 * Everything that a run of `document` on a Linux node names, and what that names in turn. What cannot be known before the
 * node has run something (documents in files) is not looked for.
 */
export function includesOf(
  document: Document,
  parameters: JsonObject,
  options: {
    readonly find: (reference: string) => CatalogDocument | null;
    readonly store: StoreLookup;
  },
): Includes {
  const found = new Map<string, Omit<Inclusion, 'runs'> & { readonly runs: JsonObject[] }>();
  let visits = 0;
  let tooMany = false;
  let tooDeep: string | null = null;
  let unfit: Includes['unfit'] = null;
  const visit = (within: Document, given: JsonObject, depth: number): void => {
    visits += 1;
    tooMany ||= visits > VISITS_MAX;
    if (tooMany) return;
    if (!within.steps.some(({ action }) => action === RUN_DOCUMENT || action === DOWNLOAD_CONTENT))
      return;
    const context = {
      platformType: 'Linux',
      handlers: KNOWN_ACTIONS,
      store: options.store,
    } as const;
    const prepared =
      depth === 0 ? prepareRun(within, given, context) : prepareIncluded(within, given, context);
    if (!prepared.ok) return; // it fails on the node, before any step
    for (const { action, inputs, disposition } of prepared.steps) {
      if (disposition !== 'Run') continue;
      const elements: readonly Json[] = Array.isArray(inputs) ? inputs : [inputs];
      for (const element of elements) {
        const named = isJsonObject(element) ? namedBy(action, element) : null;
        if (named === null || named.reference === NOOP_DOCUMENT) continue;
        if (found.size >= INCLUDES_MAX && !found.has(named.reference)) {
          tooMany = true;
          return;
        }
        const { reference, parameters: handed } = named;
        const known = found.get(reference) ?? {
          reference,
          document: options.find(reference),
          runs: [],
        };
        found.set(reference, known);
        if (known.document === null || handed === null) continue;
        if (visits <= VISITS_MAX) known.runs.push(handed);
        unfit ??= misfit(known.document.document, handed, options.store, reference);
        if (depth >= INCLUDE_DEPTH_MAX) tooDeep ??= reference;
        else visit(known.document.document, handed, depth + 1);
      }
    }
  };
  visit(document, parameters, 0);
  return { found: [...found.values()], tooMany, tooDeep, unfit };
}

/** References that the store does not hold are reported where they are written. */
function misfit(
  document: Document,
  parameters: JsonObject,
  store: StoreLookup,
  reference: string,
): Includes['unfit'] {
  if (!resolveReferences(parameters, store).ok) return null;
  const fit = includedParameters(document, parameters, store);
  return fit.ok ? null : { reference, why: fit.error };
}

type Named = {
  readonly reference: string;
  /** Null when it is only downloaded. */
  readonly parameters: JsonObject | null;
};

function namedBy(action: string, inputs: JsonObject): Named | null {
  if (action === RUN_DOCUMENT) {
    const request = documentRequest(inputs);
    if (!request.ok || request.value.type !== 'SSMDocument') return null;
    return { reference: request.value.path, parameters: request.value.parameters };
  }
  if (action !== DOWNLOAD_CONTENT || inputOf(inputs, 'sourceType') !== 'SSMDocument') return null;
  const name = inputOf(sourceInfo(inputOf(inputs, 'sourceInfo') ?? null), 'name');
  return typeof name === 'string' && name !== '' ? { reference: name, parameters: null } : null;
}
