/** Which code reads files of a repository: two programs with the same digest read the same bytes alike. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** All that parses, whichever rooms it comes to stand in. */
const CORE = fileURLToPath(new URL('../core/', import.meta.url));
/** Names the exact versions of the libraries. */
const PACKAGE = fileURLToPath(new URL('../../package.json', import.meta.url));

/** `options`: what else the reading depends on. The version alone would not do: a checkout changes without one. */
export async function programDigest(options: readonly unknown[]): Promise<string> {
  const { node, v8, icu, tz, unicode } = process.versions;
  const whole = createHash('sha256').update(JSON.stringify([node, v8, icu, tz, unicode, options]));
  const names = (await readdir(CORE, { recursive: true })).filter((name) => /\.[jt]s$/.test(name));
  const texts = await Promise.all(
    [PACKAGE, ...names.sort().map((name) => CORE + name)].map((path) => readFile(path)),
  );
  for (const [at, text] of texts.entries()) {
    whole.update(`${names[at - 1] ?? ''} ${text.length}\n`).update(text);
  }
  return whole.digest('hex');
}
