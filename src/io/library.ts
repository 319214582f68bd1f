/** Reads the preconfigured documents that ship with the program. */
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { libraryOf } from '../core/load/library.ts';
import type { CatalogDocument } from '../core/model/document.ts';

const folder = fileURLToPath(new URL('../library/', import.meta.url));

type Library = ReadonlyMap<string, CatalogDocument>;

let library: Promise<Library> | null = null;

/** Read once: it changes with the program only, and a plan asks for each of its sides. */
export function readLibrary(): Promise<Library> {
  library ??= readFolder();
  return library;
}

async function readFolder(): Promise<Library> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.yaml')).sort();
  const files = await Promise.all(
    names.map(async (name) => ({
      name: name.slice(0, -'.yaml'.length),
      text: await readFile(folder + name, 'utf8'),
    })),
  );
  return libraryOf(files);
}
