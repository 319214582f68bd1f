/** A network whose daemon hears other words than were said. */
import type { AgentMessage } from '../../src/protocol/messages.ts';
import type { Network } from '../../src/simulate/network.ts';

export type Hear = (message: AgentMessage, tell: (message: AgentMessage) => void) => void;

export function listening(network: Network, hear: Hear): Network {
  return {
    ...network,
    get door() {
      return network.door;
    },
    set door(door) {
      network.door = door && {
        ...door,
        onMessage: (wire, message) => hear(message, (told) => door.onMessage(wire, told)),
      };
    },
  };
}
