/**
 * A pass as lines of the journal. The journal keeps the lines of a pass in one group, so a torn tail loses all of them or none;
 * but a line has a longest length, and a revision that touches a large fleet has more to say than that.
 */
import type { PassRecord } from './records.ts';

/** What is parsed in one go, on a replay, between two turns of the event loop; a single longer record stands alone. */
const LINE_CHARS = 1024 * 1024;

export function* passTexts({ at, records }: PassRecord, lineChars = LINE_CHARS): Generator<string> {
  const whole = (texts: string): string => `{"at":${at},"records":[${texts}]}`;
  let texts = '';
  for (const record of records) {
    const text = JSON.stringify(record);
    if (texts === '') {
      texts = text;
    } else if (texts.length + text.length < lineChars) {
      texts += `,${text}`;
    } else {
      yield whole(texts);
      texts = text;
    }
  }
  yield whole(texts);
}
