/** Measured behaviour of the reference, read where it lies beside the repository; never copied into it. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { DIFFERENCES } from './differences.ts';

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

export const corpusFolder = (name: string): string => path.join(corpus, name);

/** The cases of a vector file; those without an id are known by document and kind of parameters. */
export function readVectors<Case extends VectorCase>(file: string): readonly Case[] {
  const { cases } = JSON.parse(readCorpus(`vectors/${file}.json`)) as {
    cases: readonly (Case & { readonly file?: string; readonly params?: string })[];
  };
  return cases.map((given) => ({
    ...given,
    id: (given.id as string | undefined) ?? `${path.basename(given.file ?? '')} ${given.params}`,
  }));
}

/** Names of all vector files. */
export const vectorFiles = (): readonly string[] =>
  readdirSync(path.join(corpus, 'vectors'))
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.replace(/\.json$/, ''));

/**
 * One test per vector file: `judge` throws where we differ from the reference. A difference is named in DIFFERENCES with
 * its reason, by case id; one that no longer differs fails too, so the list stays true.
 */
export function testVectors<Case extends VectorCase>(
  file: string,
  judge: (given: Case) => void | Promise<void>,
): void {
  test(`vectors: ${file}`, { skip: corpusMissing }, async () => {
    const cases = readVectors<Case>(file);
    const differences = DIFFERENCES[file] ?? {};
    assert.ok(cases.length > 0);
    const unknown = Object.keys(differences).filter(
      (id) => !cases.some((given) => given.id === id),
    );
    assert.deepEqual(unknown, [], 'differences of cases that do not exist');
    for (const given of cases) {
      const judged = (async () => judge(given))();
      if (Object.hasOwn(differences, given.id)) {
        await assert.rejects(judged, `${given.id} agrees by now; take it off the list`);
      } else {
        await judged.catch((cause: unknown) => {
          const reason = cause instanceof Error ? cause.message : String(cause);
          throw new Error(`${given.id}: ${reason}`, { cause });
        });
      }
    }
  });
}
