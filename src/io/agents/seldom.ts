/** A peer that dials or babbles in a loop must not fill the log: of one thing about one peer a line a minute, and how often it was. */

type Log = (event: string, fields: { readonly [key: string]: unknown }) => void;

const EVERY_MS = 60_000;
/** About so many peers at once; whoever was told of longest ago is forgotten, and told of again. */
const PEERS_MAX = 1_000;

/** `about`: the node or address that a line is about. A later line counts those left out since, as `unlogged`. */
export function seldom(
  log: Log,
  nowMs: () => number,
): (event: string, about: string, fields: { readonly [key: string]: unknown }) => void {
  const told = new Map<string, { readonly atMs: number; unlogged: number }>();
  return (event, about, fields) => {
    const key = `${event} ${String(fields['reason'])} ${about}`;
    const last = told.get(key);
    if (last !== undefined && nowMs() < last.atMs + EVERY_MS) {
      last.unlogged++;
      return;
    }
    told.delete(key);
    told.set(key, { atMs: nowMs(), unlogged: 0 });
    const [oldest] = told.keys();
    if (told.size > PEERS_MAX && oldest !== undefined) told.delete(oldest);
    const more = last === undefined || last.unlogged === 0 ? {} : { unlogged: last.unlogged };
    log(event, { ...fields, ...more });
  };
}
