import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { isErrno } from './errno.ts';
import { DamagedObject } from './git-error.ts';
import type { PackIndex } from './pack-index.ts';
import { parsePackIndex } from './pack-index.ts';
import { PACK_HEAD_BYTES } from './pack-writer.ts';
import { placeFiles, syncFolder } from './safe-fs.ts';

const CHECKSUM_BYTES = 20;

/** A pack with its index, about to be written: `content` and the checksum of it, which also names it. */
type PackPair = {
  readonly content: Buffer;
  readonly checksum: Buffer;
  readonly idx: Buffer;
};
type LoadedPack = {
  readonly name: string;
  readonly content: Buffer;
  readonly index: PackIndex;
};

/**
 * The files of the open pack: one main pack, and side packs that wait to be folded into it. A marker file says which is
 * which, so that a kill at any moment leaves a whole set:
 *
 *     main pack-…     being put in place
 *     was pack-…      what it replaces
 *     folded pack-…   side packs that it holds
 *     side pack-…     side packs that it does not hold
 */
type OpenPackFiles = {
  load(): Promise<{ readonly main: LoadedPack | null; readonly sides: readonly LoadedPack[] }>;
  /** Puts a new main pack in place, then removes what it replaces. Gives its name. */
  replaceMain(
    pair: PackPair,
    replaced: { readonly main: string | null; readonly sides: readonly string[] },
  ): Promise<string>;
  addSide(
    pair: PackPair,
    beside: { readonly main: string; readonly sides: readonly string[] },
  ): Promise<string>;
  isThere(name: string): Promise<boolean>;
};

export function openPackFiles(packDir: string, markerFile: string): OpenPackFiles {
  const fileOf = (name: string, end: 'pack' | 'idx') => path.join(packDir, `${name}.${end}`);

  async function place(name: string, pair: PackPair, marker: Marker): Promise<void> {
    // The index comes last: until then nobody looks at the pack.
    await placeFiles([
      [markerFile, encodeMarker(marker)],
      [fileOf(name, 'pack'), [pair.content, pair.checksum]],
      [fileOf(name, 'idx'), pair.idx],
    ]);
    await syncFolder(packDir);
  }

  async function remove(names: readonly (string | null)[]): Promise<void> {
    for (const name of names) {
      if (name === null) continue;
      await fs.rm(fileOf(name, 'idx'), { force: true });
      await fs.rm(fileOf(name, 'pack'), { force: true });
    }
  }

  /** Null when half of it is missing. @throws DamagedObject when it is not what its name says */
  async function loadPack(name: string): Promise<LoadedPack | null> {
    const bytes = await readOptional(fileOf(name, 'pack'));
    const idx = await readOptional(fileOf(name, 'idx'));
    if (bytes === null || idx === null) return null;
    const content = bytes.subarray(0, -CHECKSUM_BYTES);
    const checksum = createHash('sha1').update(content).digest();
    if (content.length < PACK_HEAD_BYTES || nameOf(checksum) !== name)
      throw new DamagedObject(`${name}.pack`);
    return { name, content, index: parsePackIndex(idx) };
  }

  async function loadAll(names: readonly string[]): Promise<LoadedPack[]> {
    const packs = await Promise.all(names.map(loadPack));
    return packs.filter((pack) => pack !== null);
  }

  return {
    async load() {
      const marker = parseMarker((await readOptional(markerFile))?.toString('latin1') ?? '');
      const main = marker.main === null ? null : await loadPack(marker.main);
      if (main !== null) {
        await remove([marker.was, ...marker.folded]);
        return { main, sides: await loadAll(marker.side) };
      }
      const was = marker.was === null ? null : await loadPack(marker.was);
      return {
        main: was,
        sides: was === null ? [] : await loadAll([...marker.folded, ...marker.side]),
      };
    },
    async replaceMain(pair, { main, sides }) {
      const name = nameOf(pair.checksum);
      const was = main === name ? null : main;
      await place(name, pair, { main: name, was, folded: sides, side: [] });
      await remove([was, ...sides]);
      return name;
    },
    async addSide(pair, { main, sides }) {
      const name = nameOf(pair.checksum);
      await place(name, pair, { main, was: null, folded: [], side: [...sides, name] });
      return name;
    },
    isThere: async (name) => (await fs.stat(fileOf(name, 'pack')).catch(nullIfMissing)) !== null,
  };
}

const nameOf = (checksum: Buffer): string => `pack-${checksum.toString('hex')}`;

type Marker = {
  readonly main: string | null;
  readonly was: string | null;
  readonly folded: readonly string[];
  readonly side: readonly string[];
};

function encodeMarker({ main, was, folded, side }: Marker): string {
  const lines = [
    ...(main === null ? [] : [`main ${main}`]),
    ...(was === null ? [] : [`was ${was}`]),
    ...folded.map((name) => `folded ${name}`),
    ...side.map((name) => `side ${name}`),
  ];
  return `${lines.join('\n')}\n`;
}

function parseMarker(text: string): Marker {
  const names = (role: string) =>
    [...text.matchAll(/^(\w+) (pack-[0-9a-f]{40})$/gm)]
      .filter((match) => match[1] === role)
      .map((match) => match[2] ?? '');
  return {
    main: names('main')[0] ?? null,
    was: names('was')[0] ?? null,
    folded: names('folded'),
    side: names('side'),
  };
}

function nullIfMissing(error: unknown): null {
  if (isErrno(error, 'ENOENT')) return null;
  throw error;
}

const readOptional = (file: string): Promise<Buffer | null> =>
  fs.readFile(file).catch(nullIfMissing);
