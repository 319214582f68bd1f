/**
 * Makes everything that follows from the schemas: types, validators, reference tables, the list of problems.
 * `npm run gen` writes; with `--check` it only compares and exits 1 when a file is stale. Same schemas, same bytes.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { problemsSource } from './generate/problems.ts';
import { referenceSource } from './generate/reference.ts';
import { readSchemas } from './generate/source.ts';
import { typesSource } from './generate/types.ts';
import { validatorsSource } from './generate/validators.ts';

const root = new URL('../', import.meta.url);
const schemas = readSchemas();
const generated: { readonly [path: string]: string } = {
  'src/core/model/schemas.gen.ts': await typesSource(schemas),
  'src/core/model/validators.gen.ts': validatorsSource(schemas),
  'schemas/README.md': referenceSource(schemas),
  'docs/problems.md': problemsSource(),
};

const check = process.argv.includes('--check');
let stale = 0;
for (const [path, text] of Object.entries(generated)) {
  if (current(path) === text) continue;
  stale += 1;
  if (check) console.error(`${path} is stale: run npm run gen`);
  else writeFileSync(new URL(path, root), text);
}
process.exitCode = check && stale > 0 ? 1 : 0;

function current(path: string): string | null {
  try {
    return readFileSync(new URL(path, root), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
