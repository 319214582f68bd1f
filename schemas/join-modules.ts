/**
 * Joins the built modules of this program into few files: three hundred small ones take the daemon as long to find as its
 * state takes to read. Only our own: libraries stay where npm puts them, with their licences. Each module keeps the address
 * that the compiler gave it, so what it finds beside itself (threads, documents, schemas) is found as before.
 *
 *   node --import tsx schemas/join-modules.ts [DIST]
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';
import { build } from 'esbuild';

const dist = resolve(process.argv[2] ?? fileURLToPath(new URL('../dist/', import.meta.url)));
const joined = join(dist, 'joined');

/** Each becomes one line that loads its joined form, so that every address stays what it was. */
const ENTRIES = ['main.js', 'io/parse-thread.js'];

const posix = (path: string): string => path.split(sep).join('/');

const keepAddresses: Plugin = {
  name: 'keep-addresses',
  setup({ onLoad }) {
    onLoad({ filter: /\.js$/ }, ({ path }) => {
      const address = posix(relative(joined, path));
      const own = `new URL(${JSON.stringify(address)}, import.meta.url).href`;
      const contents = readFileSync(path, 'utf8').replaceAll('import.meta.url', own);
      return { contents, loader: 'js' };
    });
  },
};

rmSync(joined, { recursive: true, force: true });
await build({
  entryPoints: ENTRIES.map((entry) => join(dist, entry)),
  outdir: joined,
  entryNames: '[name]',
  bundle: true,
  splitting: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  plugins: [keepAddresses],
  logLevel: 'warning',
});
for (const entry of ENTRIES) {
  const file = join(dist, entry);
  writeFileSync(
    file,
    `import './${posix(relative(dirname(file), join(joined, basename(entry))))}';\n`,
  );
}
