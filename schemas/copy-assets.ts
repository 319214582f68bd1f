/** Puts beside the built program what the compiler does not: the preconfigured documents. */
import { cpSync } from 'node:fs';

const root = new URL('../', import.meta.url);
cpSync(new URL('src/library/', root), new URL('dist/library/', root), {
  recursive: true,
  filter: (source) => !source.endsWith('.md'),
});
