/**
 * Work that is done one after the other, in the order in which it was asked for, whatever became of the one before. How it
 * ends is told to whoever asked for it, and to nobody else.
 */
export function oneAtATime(): <Value>(work: () => Promise<Value>) => Promise<Value> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
}
