/** Long work on the event loop stops after this, so that sockets and timers have their turn. */
const SLICE_MS = 8;

/** Asked between two pieces of work: `if (slice.isOver()) { await nextTurn(); slice.begin(); }`. */
export type Slice = {
  isOver(): boolean;
  begin(): void;
};

export function beginSlice(monotonicMs: () => number): Slice {
  let beganMs = monotonicMs();
  return {
    isOver: () => monotonicMs() - beganMs >= SLICE_MS,
    begin() {
      beganMs = monotonicMs();
    },
  };
}
