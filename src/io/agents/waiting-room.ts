/**
 * Connections that are not welcome yet, from the first byte on. One host that may reach the door must not fill it: beyond the
 * limit, the oldest of the network that holds most makes room. Who is welcome counts no more, so a fleet behind one address
 * that comes back after a restart is bounded by how fast it is let in, never by how large it is.
 */
import type { Socket } from 'node:net';
import type { AgentsLimits } from './limits.ts';
import { networkOf } from './network.ts';

export type WaitingRoom = {
  enter(socket: Socket, nowMs: number): void;
  /** It is welcome. The same connection, though its socket may be the one that TLS put around it. */
  leave(socket: Pick<Socket, 'remoteAddress' | 'remotePort'>): void;
  readonly size: number;
};

type Waiting = { readonly socket: Socket; readonly network: string; readonly sinceMs: number };

export function makeWaitingRoom(
  limits: AgentsLimits['waiting'],
  /** At most once a second: a flood must not fill the journal of the host. */
  onCut: (network: string, held: number) => void,
): WaitingRoom {
  const all = new Map<string, Waiting>();
  /** Oldest first, in each of them. */
  const networks = new Map<string, Set<Waiting>>();

  let toldAtMs = Number.NEGATIVE_INFINITY;

  function remove(key: string): void {
    const waiting = all.get(key);
    if (waiting === undefined) return;
    all.delete(key);
    const held = networks.get(waiting.network);
    held?.delete(waiting);
    if (held?.size === 0) networks.delete(waiting.network);
  }

  function makeRoom(nowMs: number): void {
    let most: ReadonlySet<Waiting> = new Set();
    for (const held of networks.values()) if (held.size > most.size) most = held;
    const [oldest] = most;
    // A crowd that has only just come is on its way in; a second later it is not any more.
    if (oldest === undefined || nowMs - oldest.sinceMs < limits.graceMs) return;
    if (nowMs - toldAtMs >= 1_000) {
      toldAtMs = nowMs;
      onCut(oldest.network, most.size);
    }
    remove(keyOf(oldest.socket));
    oldest.socket.destroy();
  }

  return {
    enter(socket, nowMs) {
      if (all.size >= limits.connections) makeRoom(nowMs);
      const key = keyOf(socket);
      const network = networkOf(socket.remoteAddress ?? '');
      const waiting = { socket, network, sinceMs: nowMs };
      all.set(key, waiting);
      const held = networks.get(network) ?? new Set();
      networks.set(network, held.add(waiting));
      socket.once('close', () => {
        if (all.get(key) === waiting) remove(key);
      });
    },
    leave: (socket) => remove(keyOf(socket)),
    get size() {
      return all.size;
    },
  };
}

const keyOf = ({ remoteAddress, remotePort }: Pick<Socket, 'remoteAddress' | 'remotePort'>) =>
  `${remoteAddress ?? ''} ${remotePort ?? ''}`;
