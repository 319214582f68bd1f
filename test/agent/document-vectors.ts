/** Whole documents under the reference agent, run here by our own: expected status, codes and outputs. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { localRun, runDocumentLocally } from '../../src/agent/run-locally.ts';
import type { JsonObject } from '../../src/core/model/json.ts';
import { DIFFERENCES } from '../core/document/differences.ts';
import { corpusMissing, readCorpus } from '../core/document/vectors.ts';

type Case = {
  readonly id: string;
  readonly document: JsonObject;
  readonly parameters?: JsonObject;
  /** Put under the run folder before. */
  readonly files?: { readonly [path: string]: string };
  /** The status is what counts, not the words. */
  readonly loose?: boolean;
  readonly expected: {
    readonly error?: string;
    readonly documentStatus?: string;
    readonly steps?: readonly {
      readonly name: string;
      readonly status: string;
      readonly code: number;
      readonly stdout: string;
      readonly stderr: string;
    }[];
  };
};

export type DocumentVectors = {
  /** Where we differ, and why: by case id; DIFFERENCES of the file unless given. One that no longer differs fails. */
  readonly differences?: { readonly [id: string]: string };
  readonly skip?: ReadonlySet<string>;
  /** A PATH entry of the test's own does not reach scripts; this is put into the documents' environment instead. */
  readonly adapt?: (document: JsonObject, root: string) => JsonObject;
};

/** One test per file; prints how many agree and how many stand on the list. */
export function testDocumentVectors(file: string, options: DocumentVectors = {}): void {
  const {
    differences = DIFFERENCES[file] ?? {},
    skip = new Set<string>(),
    adapt = (document) => document,
  } = options;
  test(`vectors: ${file}`, { skip: corpusMissing }, async (t) => {
    const { cases } = JSON.parse(readCorpus(`vectors/${file}.json`)) as {
      cases: readonly Case[];
    };
    let agreed = 0;
    let different = 0;
    for (const given of cases) {
      if (skip.has(given.id)) continue;
      const { seen, expected } = await compare(given, adapt);
      if (given.id in differences) {
        assert.notDeepEqual(seen, expected, `${given.id} agrees by now; take it off the list`);
        different += 1;
      } else {
        assert.deepEqual(seen, expected, given.id);
        agreed += 1;
      }
    }
    t.diagnostic(
      `${file}: ${agreed} agree, ${different} reasoned differences, ${skip.size} not run here`,
    );
  });
}

async function compare(
  given: Case,
  adapt: NonNullable<DocumentVectors['adapt']>,
): Promise<{ readonly seen: unknown; readonly expected: unknown }> {
  const root = await mkdtemp(join(tmpdir(), 'vectors-'));
  try {
    const runsDir = join(root, 'runs');
    const folder = join(runsDir, localRun);
    const placed = (text: string): string => text.replaceAll('<orch>', folder);
    for (const [name, text] of Object.entries(given.files ?? {})) {
      const path = join(folder, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, placed(text));
    }
    const { status, steps } = await runDocumentLocally(
      adapt(given.document, root),
      given.parameters ?? {},
      { root, runsDir, parameterStore: {}, documents: {}, signal: AbortSignal.timeout(60_000) },
    );
    const wanted = given.expected.documentStatus ?? 'Failed';
    if (given.loose === true) return { seen: status, expected: wanted };
    const seen = steps.map(({ name, status: state, exitCode: code, stdout, stderr }) => ({
      name,
      status: state,
      code,
      stdout: stdout.text,
      stderr: stderr.text,
    }));
    const want = (given.expected.steps ?? []).map(
      ({ name, status: state, code, stdout, stderr }) => ({
        name,
        status: state,
        code,
        stdout,
        stderr: placed(stderr),
      }),
    );
    return { seen: { status, steps: seen }, expected: { status: wanted, steps: want } };
  } finally {
    // Supervisors leave a moment after their run.
    await rm(root, { recursive: true, force: true, maxRetries: 10 });
  }
}
