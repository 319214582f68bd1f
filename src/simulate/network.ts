/** Who can reach the daemon, and the door they knock at. */
import type { NodeId } from '../core/model/brand.ts';
import type { AgentMessage, ServerMessage } from '../protocol/messages.ts';
import type { Channel } from './channel.ts';
import { openChannel } from './channel.ts';
import type { Timeline } from './timeline.ts';

export type Wire = Channel<AgentMessage | ServerMessage>;

/** What a listening daemon does with a connection. */
export type Door = {
  onMessage(wire: Wire, message: AgentMessage): void;
  onClose(wire: Wire): void;
};

export type Caller = { onMessage(message: ServerMessage): void; onClose(): void };

export type Network = {
  /** Null while nobody listens. */
  door: Door | null;
  /** Null when the daemon cannot be reached now. */
  dial(node: NodeId, caller: Caller): Wire | null;
  latencyMs(): number;
  /** The connections of a node, or of all. */
  wires(node?: NodeId): readonly Wire[];
};

export type NetworkOptions = {
  readonly isReachable: (node: NodeId) => boolean;
  readonly latencyMs: () => number;
};

export function createNetwork(timeline: Timeline, options: NetworkOptions): Network {
  const open = new Map<Wire, NodeId>();
  const network: Network = {
    door: null,
    latencyMs: options.latencyMs,
    wires: (node) =>
      [...open].filter(([, of]) => node === undefined || of === node).map(([wire]) => wire),
    dial(node, caller) {
      const { door } = network;
      if (door === null || !options.isReachable(node)) return null;
      const wire: Wire = openChannel<AgentMessage | ServerMessage>(timeline, {
        latencyMs: options.latencyMs,
        label: node.slice(-4),
        // Each side only ever sends its own kind of message.
        onMessage: (to, message) =>
          to === 'agent'
            ? caller.onMessage(message as ServerMessage)
            : door.onMessage(wire, message as AgentMessage),
        onClose: (side) => {
          if (side === 'agent') caller.onClose();
          else door.onClose(wire);
        },
        onEnded: () => {
          open.delete(wire);
        },
      });
      open.set(wire, node);
      return wire;
    },
  };
  return network;
}
