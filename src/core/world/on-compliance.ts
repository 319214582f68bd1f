/**
 * What a run reported of compliance becomes what the node stands for. Reports of a node are in the order of its runs: a
 * result that comes late, or twice, changes nothing that a newer one has said. Nobody speaks for another node: the node is
 * the one whose session it came through.
 */

import { associationId } from '../canonical/identity.ts';
import { canonicalJson } from '../canonical/json.ts';
import { bytesOfItems, worstThatFit } from '../document/put-compliance.ts';
import type { AssociationName, NodeId, RunId } from '../model/brand.ts';
import type {
  ComplianceItem,
  CompliancePut,
  ComplianceReport,
  RefusedPut,
  ReportedItem,
  TypeCompliance,
} from '../model/compliance.ts';
import {
  ASSOCIATION_TYPE,
  CUSTOM_TYPES_MAX,
  isCustomType,
  NODE_ITEMS_BYTES_MAX,
  totalOf,
} from '../model/compliance.ts';
import type { NodeState, Outcome } from '../model/state.ts';
import type { Turn } from './turn.ts';
import { emit, note } from './turn.ts';

export type Reported = {
  readonly node: NodeId;
  readonly association: AssociationName;
  readonly outcome: Pick<Outcome, 'run' | 'finishedAt'>;
  readonly report: ComplianceReport;
  /** The run was owed until now, so no other run of this node can have ended after it. */
  readonly isNewest: boolean;
};

export function takeReport(turn: Turn, reported: Reported): void {
  const { node, outcome, report, isNewest } = reported;
  const known = turn.world.state.nodes.get(node);
  // A run of an association that has left the node speaks for nothing any more.
  if (known?.assignments.has(reported.association) !== true) return;
  const { at } = known.compliance;
  if (!isNewest && at !== null && outcome.finishedAt <= at) {
    note(turn, 'older compliance report ignored', { node, run: outcome.run });
    return;
  }
  const taken = fold(turn, known, reported);
  emit(turn, { kind: 'complied', node, run: outcome.run, at: outcome.finishedAt, ...taken });
  note(turn, 'compliance reported', {
    node,
    run: outcome.run,
    puts: report.puts.length,
    refused: taken.refused.length,
  });
}

type Taken = {
  readonly types: readonly TypeCompliance[];
  readonly items: readonly {
    readonly association: AssociationName;
    readonly item: ReportedItem | null;
  }[];
  readonly refused: readonly RefusedPut[];
};

function fold(turn: Turn, node: NodeState, reported: Reported): Taken {
  const types = new Map(node.compliance.types);
  const items = new Map<AssociationName, ReportedItem | null>();
  const refused = [...reported.report.refused];
  for (const put of reported.report.puts) {
    if (put.complianceType === ASSOCIATION_TYPE) {
      refused.push(...takeItems(turn, node, put, reported, items));
    } else {
      refused.push(...takeType(put, reported, types));
    }
  }
  return {
    types: [...types.values()].filter(
      (type) => node.compliance.types.get(type.complianceType) !== type,
    ),
    items: [...items].flatMap(([association, item]) =>
      isSame(node.assignments.get(association)?.reported ?? null, item)
        ? []
        : [{ association, item }],
    ),
    refused,
  };
}

const refusal = (code: RefusedPut['code'], why: string): readonly RefusedPut[] => [
  { code, file: '', why },
];

/** Custom types, and Patch: each put replaces all of its type. */
function takeType(
  put: CompliancePut,
  { association, outcome: { run } }: Reported,
  types: Map<string, TypeCompliance>,
): readonly RefusedPut[] {
  const { complianceType } = put;
  const known = types.get(complianceType);
  if (
    known !== undefined &&
    put.itemContentHash !== '' &&
    known.itemContentHash === put.itemContentHash
  ) {
    return [];
  }
  const others = [...types.values()].filter(
    (type) => type.complianceType !== complianceType && sizeOf(type) > 0,
  );
  const customs = others.filter((type) => isCustomType(type.complianceType)).length;
  if (isCustomType(complianceType) && sizeOf(put) > 0 && customs >= CUSTOM_TYPES_MAX) {
    return refusal(
      'ComplianceTypeCountLimitExceededException',
      `${complianceType} would be the eleventh custom type of the node`,
    );
  }
  const left = others.reduce((room, type) => room - bytesOfItems(type.items), NODE_ITEMS_BYTES_MAX);
  const { uploadType: _, ...content } = { ...put, items: worstThatFit(put.items, left) };
  if (sizeOf(put) === 0 && known === undefined) return [];
  if (known?.association === association && sameContent(known, content)) return [];
  types.set(complianceType, { ...content, association, run });
  return [];
}

const sizeOf = ({ counts }: Pick<CompliancePut, 'counts'>): number =>
  totalOf(counts.COMPLIANT) + totalOf(counts.NON_COMPLIANT);

const sameContent = (
  a: Pick<CompliancePut, 'items' | 'counts' | 'itemContentHash'>,
  b: Pick<CompliancePut, 'items' | 'counts' | 'itemContentHash'>,
): boolean =>
  a.itemContentHash === b.itemContentHash &&
  canonicalJson([a.items, a.counts]) === canonicalJson([b.items, b.counts]);

/**
 * Items of MANUAL associations, by their ids. PARTIAL leaves the others as they are; without items it takes back that of
 * the association that ran. COMPLETE replaces all of the node.
 */
function takeItems(
  turn: Turn,
  node: NodeState,
  put: CompliancePut,
  { association, outcome: { run } }: Reported,
  items: Map<AssociationName, ReportedItem | null>,
): readonly RefusedPut[] {
  const names = manualAssociations(turn, node);
  const refused: RefusedPut[] = [];
  if (put.uploadType === 'COMPLETE') for (const name of names.values()) items.set(name, null);
  else if (put.items.length === 0) items.set(association, null);
  for (const item of put.items) {
    const name = names.get(item.id.toLowerCase());
    if (name === undefined) {
      const why = `${item.id} is no association of this node with SyncCompliance MANUAL`;
      refused.push(...refusal('InvalidItemContentException', why));
    } else items.set(name, reportedItem(item, put, run));
  }
  return refused;
}

function manualAssociations(turn: Turn, node: NodeState): ReadonlyMap<string, AssociationName> {
  const instance = turn.world.state.instance?.name ?? '';
  const names = new Map<string, AssociationName>();
  for (const name of node.assignments.keys()) {
    const isManual = turn.world.definition(name)?.association.syncCompliance === 'MANUAL';
    if (isManual) names.set(associationId(instance, name), name);
  }
  return names;
}

const reportedItem = (
  { id: _, ...item }: ComplianceItem,
  { executionSummary }: CompliancePut,
  run: RunId,
): ReportedItem => ({ ...item, executionSummary, run });

/** What it came with does not count: a repetition keeps the first. */
function isSame(a: ReportedItem | null, b: ReportedItem | null): boolean {
  if (a === null || b === null) return a === b;
  const content = ({ status, severity, title, details }: ReportedItem) =>
    canonicalJson({ status, severity, title, details });
  return content(a) === content(b);
}
