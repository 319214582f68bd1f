/** Measured behaviour of the reference, read where it lies beside the repository; never copied into it. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
const corpus = path.join(repository, '..', 'shared', 'corpus');

/** Why corpus tests do not run here; false when they do. */
export const corpusMissing: string | false = existsSync(corpus)
  ? false
  : 'the corpus ../shared/corpus is not beside the repository';

export function readCorpus(file: string): string {
  return readFileSync(path.join(corpus, file), 'utf8');
}

export type VectorCase = {
  readonly id: string;
  readonly loose?: boolean;
  readonly input?: unknown;
  readonly expected: unknown;
};

/**
 * One test per vector file: `judge` throws where we differ from the reference. A difference must be named with its
 * reason, by case id; one that no longer differs fails too, so the list stays true.
 */
export function testVectors<Case extends VectorCase>(
  file: string,
  judge: (given: Case) => void,
  differences: { readonly [id: string]: string } = {},
): void {
  test(`vectors: ${file}`, { skip: corpusMissing }, (t) => {
    const { cases } = JSON.parse(readCorpus(`vectors/${file}.json`)) as { cases: readonly Case[] };
    assert.ok(cases.length > 0);
    let agreed = 0;
    let different = 0;
    for (const given of cases) {
      if (given.id in differences) {
        assert.throws(() => {
          judge(given);
        }, `${given.id} agrees by now; take it off the list`);
        different += 1;
      } else {
        try {
          judge(given);
        } catch (error) {
          throw new Error(
            `${given.id}: ${error instanceof Error ? error.message : String(error)}`,
            {
              cause: error,
            },
          );
        }
        agreed += 1;
      }
    }
    t.diagnostic(`${file}: ${agreed} agree, ${different} reasoned differences`);
  });
}
