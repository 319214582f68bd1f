/** Which code reads files of a repository: two programs with the same digest read the same bytes alike. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** All that parses, whichever rooms it comes to stand in. */
const CORE = fileURLToPath(new URL('../core/', import.meta.url));
/** Names the exact versions of the libraries. */
const PACKAGE = fileURLToPath(new URL('../../package.json', import.meta.url));

/**
 * `options`: what else the reading depends on. The version alone would not do: a checkout changes without one. In one go, since
 * three hundred reads that wait their turn take four times as long, and whoever starts beside them waits with them.
 */
export function programDigest(options: readonly unknown[]): string {
  const { node, v8, icu, tz, unicode } = process.versions;
  const whole = createHash('sha256').update(JSON.stringify([node, v8, icu, tz, unicode, options]));
  const names = readdirSync(CORE, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.[jt]s$/.test(name),
  );
  const texts = [PACKAGE, ...names.sort().map((name) => CORE + name)].map((path) =>
    readFileSync(path),
  );
  for (const [at, text] of texts.entries()) {
    whole.update(`${names[at - 1] ?? ''} ${text.length}\n`).update(text);
  }
  return whole.digest('hex');
}
