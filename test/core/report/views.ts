/** Views to render in tests, from records. */

import { sha256Hex } from '../../../src/core/canonical/digest.ts';
import { assess } from '../../../src/core/compliance/assess.ts';
import type { Facts } from '../../../src/core/compliance/facts.ts';
import type { State } from '../../../src/core/model/state.ts';
import type { StatusTexts } from '../../../src/core/report/read.ts';
import { reportFiles } from '../../../src/core/report/report-files.ts';
import type { DirtyReport, ReportView } from '../../../src/core/report/view.ts';
import type { Record } from '../../../src/core/world/records.ts';
import { aCatalog, factsOf, stateOf } from '../../fakes/builders.ts';
import { fitAll } from '../../schemas/printed.ts';

/** Stands for a key: nobody else knows the word. */
export const sign = (text: string): string => sha256Hex(`secret ${text}`);
export const verify = (text: string, signature: string): boolean => sign(text) === signature;

export function viewOfState(
  state: State,
  of: { readonly facts?: Partial<Facts>; readonly view?: Partial<ReportView> } = {},
): ReportView {
  const facts = factsOf(state, of.facts);
  return {
    state,
    catalog: aCatalog(),
    definitions: facts.definitions,
    nodes: facts.nodes,
    standings: assess(facts),
    plan: null,
    foreignPaths: [],
    contested: false,
    sign,
    ...of.view,
  };
}

export const viewOf = (
  records: Iterable<Record>,
  of: Parameters<typeof viewOfState>[1] = {},
): ReportView => viewOfState(stateOf(records), of);

export const everything: DirtyReport = {
  nodes: [],
  associations: [],
  endedExecutions: [],
  all: true,
  existing: () => null,
};

/** Every file, each held against its schema. */
export function rendered(view: ReportView): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const [path, text] of reportFiles(view, everything))
    if (text !== null) files.set(path, text);
  fitAll(files);
  return files;
}

export const textsOf = (files: ReadonlyMap<string, string>): StatusTexts => ({
  read: (path) => files.get(path) ?? null,
  list: (prefix) => [...files.keys()].filter((path) => path.startsWith(prefix)),
});
