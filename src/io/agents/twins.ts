/**
 * Two machines with one key: a disk that was copied, a template that was made of a registered node. They would take each
 * other's place for ever, each running half of what "the node" is said to have run. A machine never comes back with a boot
 * that it has left, so an earlier boot that returns proves that there are two. The one that was here first stays; the other
 * is sent away while the first one is about. Forgotten at a restart, and seen again within seconds.
 */
import type { NodeId } from '../../core/model/brand.ts';
import type { AgentsLimits } from './limits.ts';

export type Twins = {
  /** Null: it comes in; else ms until it may ask again. `isConnected`: a session of this node is live. */
  waitMs(
    node: NodeId,
    boot: string,
    at: { readonly nowMs: number; readonly isConnected: boolean },
  ): number | null;
  /** Nodes whose twin has asked lately. */
  seen(nowMs: number): readonly NodeId[];
};

type Boots = {
  current: string;
  /** Left for another, oldest first. */
  former: readonly string[];
  twin: { readonly boot: string; readonly askedAtMs: number } | null;
  /** When `current` was known to be connected last. */
  aboutAtMs: number;
};

export function makeTwins(limits: AgentsLimits['twins']): Twins {
  const nodes = new Map<NodeId, Boots>();

  function bootsOf(node: NodeId, boot: string, nowMs: number): Boots {
    const boots = nodes.get(node) ?? { current: boot, former: [], twin: null, aboutAtMs: nowMs };
    // Last used, last forgotten.
    nodes.delete(node);
    nodes.set(node, boots);
    const [oldest] = nodes.keys();
    if (nodes.size > limits.nodesMax && oldest !== undefined) nodes.delete(oldest);
    return boots;
  }

  return {
    waitMs(node, boot, { nowMs, isConnected }) {
      const boots = bootsOf(node, boot, nowMs);
      if (boot === boots.current) {
        boots.aboutAtMs = nowMs;
        return null;
      }
      if (isConnected) boots.aboutAtMs = nowMs;
      const isTwin = boot === boots.twin?.boot;
      if (isTwin && nowMs - boots.aboutAtMs < limits.awayMs) {
        boots.twin = { boot, askedAtMs: nowMs };
        return limits.retryMs;
      }
      const isBack = boots.former.includes(boot) && !isTwin;
      // Of a twin that was let in the first one has gone: it is the machine now.
      boots.twin = isBack ? { boot: boots.current, askedAtMs: nowMs } : null;
      boots.former = [...boots.former.filter((each) => each !== boot), boots.current].slice(
        -limits.bootsMax,
      );
      boots.current = boot;
      boots.aboutAtMs = nowMs;
      return null;
    },
    seen: (nowMs) =>
      [...nodes].flatMap(([node, { twin }]) =>
        twin !== null && nowMs - twin.askedAtMs < limits.toldMs ? [node] : [],
      ),
  };
}
