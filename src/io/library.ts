import { readdir, readFile } from 'node:fs/promises';
import { libraryOf } from '../core/load/library.ts';
import type { CatalogDocument } from '../core/model/document.ts';

/** The preconfigured documents that ship with the program, by name. */
export async function readLibrary(): Promise<ReadonlyMap<string, CatalogDocument>> {
  const folder = new URL('../library/', import.meta.url);
  const names = (await readdir(folder)).filter((name) => name.endsWith('.yaml')).sort();
  const files = names.map(async (name) => ({
    name: name.slice(0, -'.yaml'.length),
    text: await readFile(new URL(name, folder), 'utf8'),
  }));
  return libraryOf(await Promise.all(files));
}
