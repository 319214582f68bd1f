/** Planted mistakes: each is wrapped around a port or a function of the story, never a switch in the product. */
import type { decide } from '../../src/agent/decide.ts';
import type { LedgerRecord } from '../../src/agent/ledger.ts';
import type { PassRecord } from '../../src/core/world/records.ts';
import type { World } from '../../src/core/world/world.ts';
import type { LoaderPort } from '../../src/reconcile/ports.ts';
import type { DaemonLifeOptions } from '../../src/simulate/daemon.ts';
import type { Store } from '../../src/simulate/ledger-store.ts';

export type Plant = {
  /** Changes a world before it is used. */
  readonly world?: (world: World) => void;
  readonly daemonStore?: (store: Store<PassRecord>) => Store<PassRecord>;
  readonly agentStore?: (store: Store<LedgerRecord>) => Store<LedgerRecord>;
  readonly loader?: (loader: LoaderPort) => LoaderPort;
  readonly decide?: typeof decide;
  readonly daemon?: Partial<DaemonLifeOptions>;
};

export type Planted = { readonly plant: Plant; readonly found: bigint | null };

export const plants: ReadonlyMap<string, Planted> = new Map();
