/**
 * The reference model of compliance that documents report: what steps left on which node, and what may be said of it. An association
 * with SyncCompliance MANUAL is as compliant as the newest item for it says; while there is none, nobody knows.
 */
import type { AssociationName, Instant, NodeId } from '../../src/core/model/brand.ts';
import { formatInstant } from '../../src/core/model/brand.ts';
import type { ComplianceStatus } from '../../src/core/model/compliance.ts';
import type { Record } from '../../src/core/world/records.ts';
import type { World } from '../../src/core/world/world.ts';
import { nodeIds } from './keys.ts';
import type { Wish } from './wish.ts';
import { targetsOf } from './wish.ts';

type Known = {
  newest: ComplianceStatus | null;
  /** Whoever began before this speaks for nothing any more. */
  sinceMs: number;
  /** What counted before is on the branch or lost: known again with the next report. */
  doubtful: boolean;
  wasCompliant: boolean;
};

export type ReportModelOptions = {
  readonly broken: (promise: string, detail: string) => never;
  readonly sometimes: (situation: string) => void;
  readonly nowMs: () => number;
};

export function createReportModel({ broken, sometimes, nowMs }: ReportModelOptions) {
  const known = new Map<string, Known>();
  /** What the daemon has written down. */
  const durable = new Map<
    string,
    {
      readonly node: NodeId;
      readonly association: AssociationName;
      readonly status: ComplianceStatus;
    }
  >();

  function of(node: NodeId, association: string): Known {
    const key = `${node} ${association}`;
    const each = known.get(key) ?? {
      newest: null,
      sinceMs: 0,
      doubtful: false,
      wasCompliant: false,
    };
    known.set(key, each);
    return each;
  }

  /** A step has left an item for its association. */
  function onReport(
    said: {
      readonly node: NodeId;
      readonly association: string;
      readonly begunAtMs: number | null;
    },
    status: ComplianceStatus,
  ): void {
    const each = of(said.node, said.association);
    each.wasCompliant ||= status === 'COMPLIANT';
    if ((said.begunAtMs ?? 0) < each.sinceMs) {
      each.doubtful = true;
      return;
    }
    Object.assign(each, { newest: status, doubtful: false });
    sometimes(`item reported: ${status}`);
  }

  function onRecord(record: Record): void {
    switch (record.kind) {
      case 'complied':
        for (const { association, item } of record.items) keep(record.node, association, item);
        return;
      case 'put-node':
        for (const { association, reported = null } of record.assignments) {
          keep(record.value.id, association, reported);
        }
        return;
      case 'unassigned':
        for (const node of record.nodes) {
          Object.assign(of(node, record.association), { newest: null, sinceMs: nowMs() });
          keep(node, record.association, null);
        }
        return;
      default:
        return;
    }
  }

  function keep(
    node: NodeId,
    association: AssociationName,
    item: { readonly status: ComplianceStatus } | null,
  ): void {
    const key = `${node} ${association}`;
    if (item === null) durable.delete(key);
    else durable.set(key, { node, association, status: item.status });
  }

  /** The daemon has read its journal again. */
  function onRestart({ state }: World): void {
    for (const { node, association, status } of durable.values()) {
      const item = state.nodes.get(node)?.assignments.get(association)?.reported ?? null;
      if (item?.status !== status) {
        broken('P1', `what ${node} reported for ${association} was durable and is forgotten`);
      }
    }
  }

  /** What a step has just left may be gone with it. */
  function onPowerCut(node: NodeId): void {
    for (const [key, each] of known) if (key.startsWith(node)) each.doubtful = true;
  }

  function onStateLost(): void {
    durable.clear();
    for (const each of known.values()) Object.assign(each, { doubtful: true, sinceMs: nowMs() });
  }

  /** What the newest item says; undefined: nobody can be sure. */
  function expected(node: NodeId, association: string): ComplianceStatus | null | undefined {
    const each = known.get(`${node} ${association}`);
    return each?.doubtful === true ? undefined : (each?.newest ?? null);
  }

  /** Shown for a MANUAL association. */
  function onShown(node: NodeId, association: string, status: string | undefined): void {
    if (status === undefined) return sometimes('MANUAL and nothing reported yet');
    if (status !== 'COMPLIANT') return;
    if (known.get(`${node} ${association}`)?.wasCompliant !== true) {
      broken(
        'compliance',
        `${association} on ${node} shows COMPLIANT, which nothing there reported`,
      );
    }
  }

  /** The fleet is called compliant. */
  function onGreen(wish: Wish): void {
    for (const [name, each] of wish.associations) {
      if (!each.manual) continue;
      for (const number of targetsOf(wish, name)) {
        const id = nodeIds[number];
        if (id !== undefined) onShown(id, name, 'COMPLIANT');
      }
    }
  }

  return { onReport, onRecord, onRestart, onPowerCut, onStateLost, expected, onShown, onGreen };
}

/** What a script leaves in the drop folder, as docs/compliance.md has it. */
export function reportText(
  node: NodeId,
  item: { readonly id: string; readonly status: ComplianceStatus; readonly at: Instant },
): string {
  return JSON.stringify({
    ResourceId: node,
    ResourceType: 'ManagedInstance',
    ComplianceType: 'Association',
    UploadType: 'PARTIAL',
    ExecutionSummary: { ExecutionTime: formatInstant(item.at), ExecutionType: 'Command' },
    Items: [{ Id: item.id, Title: 'story', Severity: 'HIGH', Status: item.status }],
  });
}
