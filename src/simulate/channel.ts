/**
 * A connection as TCP gives it: messages arrive in order or not at all, and are lost only with the connection. Each end
 * learns of its end in its own time.
 */
import type { Timeline } from './timeline.ts';

export type Side = 'agent' | 'daemon';

export type Channel<Message> = {
  /** Says nothing about arrival. */
  send(from: Side, message: Message): void;
  /** Nothing arrives any more; each side hears of the end after so long. */
  cut(noticeMs: { readonly [side in Side]: number }): void;
  /** The process on this side is gone or hangs up: of what it said last, `arrive` of the messages still get through. */
  leave(side: Side, arrive: (underWay: number) => number): void;
  /** False as soon as one side has left or been told. */
  isOpen(side: Side): boolean;
};

export type ChannelOptions<Message> = {
  readonly latencyMs: () => number;
  readonly label: string;
  readonly onMessage: (to: Side, message: Message) => void;
  readonly onClose: (side: Side) => void;
  /** Neither side has it any more: each has left or been told. */
  readonly onEnded: () => void;
};

type Direction = { sent: number; delivered: number; limit: number; lastAtMs: number };

/** What a trace needs to be read: which run, and why not. */
function wordsOf(message: { readonly kind: string }): string {
  const { kind, run, code } = message as { kind: string; run?: string; code?: string };
  return `${kind}${run === undefined ? '' : ` ${run.slice(0, 6)}`}${code === undefined ? '' : ` ${code}`}`;
}

const other = (side: Side): Side => (side === 'agent' ? 'daemon' : 'agent');

export function openChannel<Message extends { readonly kind: string }>(
  timeline: Timeline,
  options: ChannelOptions<Message>,
): Channel<Message> {
  const direction = (): Direction => ({ sent: 0, delivered: 0, limit: Infinity, lastAtMs: 0 });
  const from: { readonly [side in Side]: Direction } = { agent: direction(), daemon: direction() };
  const closed = { agent: false, daemon: false };

  function shut(side: Side): void {
    if (closed[side]) return;
    closed[side] = true;
    if (closed[other(side)]) options.onEnded();
  }

  function close(side: Side, delayMs: number): void {
    timeline.after(delayMs, `${options.label} closes for ${side}`, () => {
      if (closed[side]) return;
      shut(side);
      options.onClose(side);
    });
  }

  return {
    send(side, message) {
      const way = from[side];
      if (closed[side]) return;
      const number = ++way.sent;
      way.lastAtMs = Math.max(way.lastAtMs, timeline.nowMs + options.latencyMs());
      timeline.after(
        way.lastAtMs - timeline.nowMs,
        `${options.label} ${side} says ${wordsOf(message)}`,
        () => {
          const to = other(side);
          if (number > way.limit || closed[to]) return;
          way.delivered = number;
          options.onMessage(to, message);
        },
      );
    },
    cut(noticeMs) {
      for (const side of ['agent', 'daemon'] as const) {
        from[side].limit = Math.min(from[side].limit, from[side].delivered);
        close(side, noticeMs[side]);
      }
    },
    leave(side, arrive) {
      const out = from[side];
      shut(side);
      out.limit = Math.min(out.limit, out.delivered + arrive(out.sent - out.delivered));
      from[other(side)].limit = 0;
      close(other(side), Math.max(0, out.lastAtMs - timeline.nowMs) + options.latencyMs());
    },
    isOpen: (side) => !closed[side],
  };
}
