import { readFile } from 'node:fs/promises';

/** The version of this package, wherever it runs from: `src/cli` or `dist/cli`. */
export async function versionOf(): Promise<string> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}
