/** Defaults of the limits table (spec/reliability-security.md §9), and what each is for. */
export const AGENTS_LIMITS = {
  connections: 12_000,
  /** Not welcome yet, of all networks; those that are younger than the grace are not cut to make room. */
  waiting: { connections: 2_000, graceMs: 1_000 },
  /** Of one node; beyond it the node is told when to come again. */
  reconnects: { burst: 20, perMinute: 10, nodesMax: 20_000 },
  /**
   * Two machines with one key: the second is asked to come again while the first was about so lately, and told of as long.
   * So many boots of a node are known.
   */
  twins: {
    retryMs: 60_000,
    awayMs: 10 * 60_000,
    toldMs: 15 * 60_000,
    bootsMax: 8,
    nodesMax: 20_000,
  },
  /** From the first byte to the end of the hello, ms. */
  handshakeMs: 15_000,
  /** A peer that does not read what it is sent is dropped. */
  bufferedBytes: 8 * 1024 * 1024,
  heartbeatMs: 30_000,
  reconnectSpreadMsMax: 120_000,
  reconnectMsPerNode: 4,
  backlog: 4_096,
  /** Per session: a message costs 1 and 1 more per 16 KiB. Beyond it the socket is read more slowly, never cut. */
  rate: { burst: 200, perSecond: 50 },
  /** Wrong join codes from one address, per minute. */
  joinFailures: { count: 5, perMs: 60_000, addressesMax: 10_000 },
} as const;

export type AgentsLimits = {
  readonly [Key in keyof typeof AGENTS_LIMITS]: (typeof AGENTS_LIMITS)[Key] extends number
    ? number
    : { readonly [Inner in keyof (typeof AGENTS_LIMITS)[Key]]: number };
};
