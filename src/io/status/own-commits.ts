import { parseTrailers } from '../git/commit-object.ts';
import type { ObjectReader } from '../git/object-reader.ts';
import { readCommit } from '../git/object-reader.ts';

/** Commits that this process has sent; whoever writes above them in our name is another daemon. */
export type OwnCommits = {
  /** Before it is sent: without an answer, it may be on the branch all the same. */
  sent(commit: string): void;
  /** It is on the branch. */
  left(seq: number): void;
  /**
   * True when the tip says that it is of this instance, and nobody here made it. Not judged before this process has left
   * something there itself: what a life before sent may arrive late, and the lease ends that with our first commit.
   */
  isRival(reader: ObjectReader, tip: string, instance: string): Promise<boolean>;
};

/** Whatever is older than so many cannot arrive any more: the branch has moved on. */
const SENT_MAX = 1_000;

export function createOwnCommits(): OwnCommits {
  const sent = new Set<string>();
  let leftSeq: number | null = null;
  return {
    sent(commit) {
      sent.add(commit);
      const [oldest] = sent;
      if (sent.size > SENT_MAX && oldest !== undefined) sent.delete(oldest);
    },
    left(seq) {
      leftSeq = seq;
    },
    async isRival(reader, tip, instance) {
      if (leftSeq === null || sent.has(tip)) return false;
      // Only what the tip says of itself: people commit on top of ours, set it back, or write its message anew.
      const trailers = parseTrailers((await readCommit(reader, tip)).message);
      return (
        trailers.get('Reconciled-Instance') === instance &&
        Number(trailers.get('Reconciled-Seq') ?? Number.NaN) > leftSeq
      );
    },
  };
}
