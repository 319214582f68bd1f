/** Builders of repositories for tests. */
import assert from 'node:assert/strict';
import { readdir, readFile, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gitBlobId } from '../../../src/core/canonical/digest.ts';
import type { LoadCache, LoadedFile, LoadOptions } from '../../../src/core/load/load.ts';
import { loadCatalog } from '../../../src/core/load/load.ts';
import type { Catalog } from '../../../src/core/model/catalog.ts';
import type { Problem } from '../../../src/core/model/problem.ts';

export type TestFile = Omit<LoadedFile, 'bytes'> & { readonly bytes: Buffer | null };

export function file(path: string, text: string): TestFile {
  const bytes = Buffer.from(text);
  return { path, blob: gitBlobId(bytes), kind: 'file', bytes };
}

/** Path → text. */
export function repository(contents: { readonly [path: string]: string }): readonly TestFile[] {
  return Object.entries(contents).map(([path, text]) => file(path, text));
}

export async function readFolder(folder: URL): Promise<readonly TestFile[]> {
  const root = fileURLToPath(folder);
  const paths = (await readdir(root, { recursive: true })).sort();
  const files: TestFile[] = [];
  for (const path of paths) {
    if ((await stat(`${root}/${path}`)).isFile())
      files.push(file(path, await readFile(`${root}/${path}`, 'utf8')));
  }
  return files;
}

export function load(
  files: readonly LoadedFile[],
  options: Partial<LoadOptions> = {},
): { readonly catalog: Catalog; readonly cache: LoadCache } {
  const loaded = loadCatalog(files, {
    commit: null,
    library: new Map(),
    lastGood: new Map(),
    builtActions: null,
    ...options,
  });
  for (const problem of loaded.catalog.problems) assertRemedy(problem);
  return loaded;
}

/** Of every problem that any test makes: whoever reads it is told what to do. */
export function assertRemedy({ code, message, hint }: Problem): void {
  assert.notEqual(hint, '', `${code} (${message}) says what to do`);
}

/** A sequence of revisions, each measured against what the one before left in force. */
export function history(): (contents: { readonly [path: string]: string }) => Catalog {
  const bytesOf = new Map<string, Buffer>();
  let before: Catalog | null = null;
  return (contents) => {
    const files = repository(contents);
    for (const { blob, bytes } of files) if (bytes !== null) bytesOf.set(blob, bytes);
    const lastGood = new Map(
      [...(before?.files ?? [])].map(([path, blob]) => [
        path,
        { blob, bytes: bytesOf.get(blob) ?? null },
      ]),
    );
    before = load(files, { lastGood }).catalog;
    return before;
  };
}

export const codesOf = (catalog: Catalog): readonly string[] =>
  catalog.problems.map(({ code, file: path, line }) => `${code} ${path}:${line}`);

/** A document that takes a text and a choice. */
export const SAY = `schemaVersion: "2.2"
description: says something
parameters:
  text: { type: String, allowedPattern: "^[a-z ]+$" }
  how: { type: String, default: loud, allowedValues: [loud, quiet] }
  times: { type: Integer, default: 1 }
mainSteps:
  - action: aws:runShellScript
    name: say
    inputs: { runCommand: ["echo {{ text }} {{ how }} {{ times }}"] }
`;

/** An association of `Say`, with `extra` lines appended. */
export const says = (name: string, extra = ''): string =>
  `AssociationName: ${name}\nName: Say\nParameters: { text: [hello] }\nTargets: [{ Key: InstanceIds, Values: ["*"] }]\n${extra}`;
