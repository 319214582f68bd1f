/** A binary heap: the smallest by `before` first. Entries are never searched; stale ones are dropped when they surface. */
export type Heap<Entry> = {
  push(entry: Entry): void;
  peek(): Entry | undefined;
  pop(): Entry | undefined;
  readonly size: number;
};

export function createHeap<Entry>(before: (a: Entry, b: Entry) => boolean): Heap<Entry> {
  const entries: Entry[] = [];
  const at = (index: number): Entry => entries[index] as Entry;

  function swap(i: number, j: number): void {
    const entry = at(i);
    entries[i] = at(j);
    entries[j] = entry;
  }

  function rise(index: number): void {
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!before(at(index), at(parent))) return;
      swap(index, parent);
      index = parent;
    }
  }

  function sink(index: number): void {
    for (;;) {
      const left = 2 * index + 1;
      if (left >= entries.length) return;
      const right = left + 1;
      const child = right < entries.length && before(at(right), at(left)) ? right : left;
      if (!before(at(child), at(index))) return;
      swap(index, child);
      index = child;
    }
  }

  return {
    push(entry) {
      entries.push(entry);
      rise(entries.length - 1);
    },
    peek: () => entries[0],
    pop() {
      const first = entries[0];
      const last = entries.pop();
      if (last !== undefined && entries.length > 0) {
        entries[0] = last;
        sink(0);
      }
      return first;
    },
    get size() {
      return entries.length;
    },
  };
}
