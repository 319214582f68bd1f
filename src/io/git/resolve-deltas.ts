import { applyDelta, deltaResultSize } from './delta.ts';
import type { ObjectKind } from './objects.ts';
import { objectId } from './objects.ts';
import { inflateEntry, readPackEntry } from './pack-entry.ts';
import { readAt } from './pack-file.ts';
import type { ScannedEntry } from './scan-pack.ts';

/** A base whose deltas are being resolved: held until the last of them has taken it. */
type Held = {
  readonly bytes: Uint8Array;
  readonly kind: ObjectKind;
  readonly deltas: readonly ScannedEntry[];
  next: number;
};

/**
 * Gives every delta of the pack its id, from its base downwards. Of the deltas on one base the one with most below it comes
 * last, when the base is no longer needed: so a chain holds two objects, however long, and a bush few more.
 * @returns how many have none: their base is not here, or they and what they need would not fit into `bytesMax`
 */
export function resolveDeltas(
  fd: number,
  entries: readonly ScannedEntry[],
  bytesMax: number,
): number {
  const family = familyOf(entries);
  let held = 0;
  let resolved = 0;

  function hold(bytes: Uint8Array, entry: ScannedEntry, stack: Held[]): void {
    const deltas = family.deltasOn(entry);
    if (deltas.length === 0 || entry.kind === null) return;
    held += bytes.length;
    stack.push({ bytes, kind: entry.kind, deltas, next: 0 });
  }

  function resolveOne(base: Held, entry: ScannedEntry, stack: Held[]): void {
    if (entry.oid !== null || held + 2 * entry.size > bytesMax) return;
    const delta = inflated(fd, entry);
    if (held + entry.size + 2 * deltaResultSize(delta) > bytesMax) return;
    const bytes = applyDelta(base.bytes, delta);
    entry.kind = base.kind;
    entry.oid = objectId(base.kind, bytes);
    resolved += 1;
    if (base.next === base.deltas.length) {
      stack.pop();
      held -= base.bytes.length;
    }
    hold(bytes, entry, stack);
  }

  for (const root of entries) {
    if (root.base !== null || 2 * root.size > bytesMax || !family.hasDeltas(root)) continue;
    const stack: Held[] = [];
    hold(inflated(fd, root), root, stack);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const entry = top.deltas[top.next];
      top.next += 1;
      if (entry !== undefined) resolveOne(top, entry, stack);
      else {
        stack.pop();
        held -= top.bytes.length;
      }
    }
  }
  return entries.filter(({ base }) => base !== null).length - resolved;
}

function inflated(fd: number, { offset, end }: ScannedEntry): Buffer {
  const bytes = readAt(fd, offset, end - offset);
  const { size, dataAt } = readPackEntry(bytes, 0, offset);
  return inflateEntry(bytes.subarray(dataAt), size);
}

/** Who is made from whom. */
function familyOf(entries: readonly ScannedEntry[]) {
  const byOffset = new Map<number, ScannedEntry[]>();
  const byOid = new Map<string, ScannedEntry[]>();
  const below = new Map<number, number>();
  // Bases named by their place lie before what is made from them, so backwards the count below an entry is known.
  for (let at = entries.length - 1; at >= 0; at -= 1) {
    const entry = entries[at];
    if (entry === undefined || entry.base === null) continue;
    const { base } = entry;
    if ('oid' in base) push(byOid, base.oid, entry);
    else {
      push(byOffset, base.offset, entry);
      const more = (below.get(entry.offset) ?? 0) + 1;
      below.set(base.offset, (below.get(base.offset) ?? 0) + more);
    }
  }
  const named = ({ offset, oid }: ScannedEntry) => [
    ...(byOffset.get(offset) ?? []),
    ...(byOid.get(oid ?? '') ?? []),
  ];
  return {
    hasDeltas: ({ offset, oid }: ScannedEntry): boolean =>
      byOffset.has(offset) || byOid.has(oid ?? ''),
    deltasOn: (entry: ScannedEntry): readonly ScannedEntry[] =>
      named(entry).sort((a, b) => (below.get(a.offset) ?? 0) - (below.get(b.offset) ?? 0)),
  };
}

function push<Key>(map: Map<Key, ScannedEntry[]>, key: Key, entry: ScannedEntry): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [entry]);
  else list.push(entry);
}
