/** A fleet that is driven by files: each merge is read by the real loader and goes through the real world. */
import { definitionsOf } from '../../src/core/load/effective.ts';
import type { Catalog } from '../../src/core/model/catalog.ts';
import type { Tags } from '../../src/core/model/node.ts';
import { history } from '../core/load/repository.ts';
import { commit, named, node, revision, TestFleet } from './fleet.ts';

type Files = { readonly [path: string]: string };

/** A document whose content is told apart by `text`; it takes `text`, which has a default. */
export const DOCUMENT = (text = 'v1'): string => `schemaVersion: "2.2"
description: ${text}
parameters:
  text: { type: String, default: hello, allowedPattern: "^.*$" }
mainSteps:
  - { action: aws:runShellScript, name: say, inputs: { runCommand: ["echo {{ text }} # ${text}"] } }
`;

/** An association of `Doc` on every node, with `lines` appended; a target of its own replaces that. */
export const anAssociation = (...lines: readonly string[]): string => {
  const own = lines.some((line) => /^(Targets|TargetMaps):/.test(line));
  const name = lines.some((line) => line.startsWith('Name:')) ? [] : ['Name: Doc'];
  const targets = own ? [] : ['Targets: [{ Key: InstanceIds, Values: ["*"] }]'];
  return ['AssociationName: motd', ...name, ...targets, ...lines, ''].join('\n');
};

export class MergingFleet extends TestFleet {
  readonly #load = history();
  #files: Files = { 'documents/Doc.yaml': DOCUMENT() };
  #nodes: { readonly [n: number]: Tags } = { 1: {}, 2: {}, 3: {} };
  #revisions = 0;
  catalog: Catalog | null = null;

  /** Files that are there from now on; null removes one. */
  merge(changes: { readonly [path: string]: string | null }): this {
    const files = { ...this.#files, ...changes };
    this.#files = Object.fromEntries(
      Object.entries(files).filter((entry): entry is [string, string] => entry[1] !== null),
    );
    const loaded = this.#load(this.#files);
    const n = ++this.#revisions;
    const { nodes } = revision(n, {}, this.#nodes).catalog;
    this.catalog = { ...loaded, commit: commit(n), nodes };
    const definitions = definitionsOf(this.catalog);
    return this.accept({ commit: commit(n), catalog: this.catalog, definitions }, 1_000);
  }

  /** The one association that most stories are about. */
  edit(...lines: readonly string[]): this {
    return this.merge({ 'associations/motd.yaml': anAssociation(...lines) });
  }

  withNodes(nodes: { readonly [n: number]: Tags }): this {
    this.#nodes = nodes;
    return this.catalog === null ? this : this.merge({});
  }

  problems(): readonly string[] {
    return (this.catalog?.problems ?? [])
      .filter(({ severity }) => severity === 'error')
      .map(({ code }) => code);
  }

  manual(...numbers: readonly number[]): this {
    const nodes = numbers.length === 0 ? null : numbers.map(node);
    const request = { kind: 'run', associations: [named('motd')], nodes } as const;
    return this.happen({ kind: 'operator', id: `m${this.journal.length}`, by: 'root', request });
  }

  leave(...numbers: readonly number[]): this {
    return this.happen(...numbers.map((n) => ({ kind: 'disconnected', node: node(n) }) as const));
  }

  statusOf(n: number): string {
    const shown = this.world.state.nodes.get(node(n))?.assignments.get(named('motd'))?.shown;
    return shown === undefined || shown === null
      ? 'none'
      : `${shown.outcome.status}: ${shown.outcome.summary}`;
  }

  reasons(): readonly string[] {
    return this.executions().map(({ reason }) => reason);
  }
}
