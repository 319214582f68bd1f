import { randomBytes } from 'node:crypto';
import { lstat, realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, normalize } from 'node:path';
import type { DownloadFile } from '../../../disk/download-file.ts';
import {
  createDownloadFile,
  linkDownload,
  makeDownloadDir,
  placeDownload,
} from '../../../disk/download-file.ts';
import { systemCode } from '../../../disk/errors.ts';
import { removeScratchDir } from '../../../disk/scratch.ts';

/** What is wrong with a download, in words for the step's stderr. */
export class DownloadError extends Error {}

export const DOWNLOAD_BYTES_MAX = 1024 * 1024 * 1024;
export const DOWNLOAD_FILES_MAX = 10_000;

/** A path of a destination as its document writes it, checked. */
export type Destination = {
  readonly path: string;
  /** It ends in a separator or is a folder already: a single file goes inside under its own name. */
  readonly isFolder: boolean;
};

/** @throws DownloadError when a relative path leads out of `downloads`, by its segments or through a link */
export async function destinationOf(written: string, downloads: string): Promise<Destination> {
  await makeDownloadDir(downloads);
  const path = isAbsolute(written) ? normalize(written) : join(downloads, written);
  const isFolder = written === '' || /\/$/.test(written) || (await isDirectory(path));
  const clean = path.length > 1 ? path.replace(/\/+$/, '') : path;
  if (!isAbsolute(written)) {
    const root = await realpath(downloads);
    // What stands at the destination itself is replaced, unless content goes into it.
    const parent = await nearestReal(isFolder ? clean : dirname(clean));
    const inside = (one: string, of: string): boolean => one === of || one.startsWith(`${of}/`);
    if (!inside(clean, downloads) || !inside(parent, root))
      throw new DownloadError(`destinationPath ${written} leads out of the run's downloads folder`);
  }
  return { path: clean, isFolder };
}

async function isDirectory(path: string): Promise<boolean> {
  return (await lstatOrNull(path))?.isDirectory() ?? false;
}

async function lstatOrNull(path: string) {
  try {
    return await lstat(path);
  } catch (cause) {
    const code = systemCode(cause);
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw cause;
  }
}

/** Where the deepest part of `path` that exists really lies. */
async function nearestReal(path: string): Promise<string> {
  for (let at = path; ; at = dirname(at)) {
    try {
      return await realpath(at);
    } catch (cause) {
      const code = systemCode(cause);
      if (code === 'ELOOP') throw new DownloadError(`${path} is a link to itself`);
      // A link that leads nowhere would be created where it leads.
      if (code === 'ENOENT' && (await lstatOrNull(at)) !== null && at !== path)
        throw new DownloadError(`${at} is a link that leads nowhere`);
      if ((code !== 'ENOENT' && code !== 'ENOTDIR') || at === '/') throw cause;
    }
  }
}

/** A download in the making, in a folder beside its destination. */
export type Staging = {
  /** `name` has checked segments. Counts against the bounds of the whole. */
  file(name: readonly string[]): Promise<DownloadFile>;
  link(name: readonly string[], target: string): Promise<void>;
  /** Everything into the folder `path`; what is there otherwise stays. */
  placeFolder(path: string): Promise<void>;
  /** The only file as `path`. */
  placeFile(path: string): Promise<void>;
  /** Removes what was not placed. */
  discard(): Promise<void>;
};

export async function openStaging(destination: Destination): Promise<Staging> {
  const parent = destination.isFolder ? destination.path : dirname(destination.path);
  await makeDownloadDir(parent);
  const dir = join(parent, `.reconciled-${randomBytes(8).toString('hex')}`);
  await makeDownloadDir(dir);
  const entries: (readonly string[])[] = [];
  let bytes = 0;

  async function enter(name: readonly string[]): Promise<string> {
    for (const segment of name) checkSegment(segment);
    if (entries.length >= DOWNLOAD_FILES_MAX)
      throw new DownloadError(`more than ${DOWNLOAD_FILES_MAX} files`);
    entries.push(name);
    const path = join(dir, ...name);
    if (name.length > 1) await makeDownloadDir(dirname(path));
    return path;
  }

  return {
    async file(name) {
      const file = await createDownloadFile(await enter(name));
      return {
        async write(chunk) {
          bytes += chunk.length;
          if (bytes > DOWNLOAD_BYTES_MAX)
            throw new DownloadError(`more than ${DOWNLOAD_BYTES_MAX} bytes`);
          await file.write(chunk);
        },
        close: () => file.close(),
      };
    },
    async link(name, target) {
      const place = join('/', ...name.slice(0, -1));
      const leads = target.startsWith('/') ? null : climbs(name.length - 1, target);
      if (leads !== false || place.includes('\0'))
        throw new DownloadError(`${name.join('/')} is a link that leads out of the download`);
      await linkDownload(target, await enter(name));
    },
    async placeFolder(path) {
      await makeDownloadDir(path);
      for (const name of entries) {
        await realFolder(path, name.slice(0, -1));
        await placeOver(join(dir, ...name), join(path, ...name));
      }
    },
    async placeFile(path) {
      const [only] = entries;
      if (only === undefined) throw new DownloadError('there is nothing to download');
      await placeOver(join(dir, ...only), path);
    },
    discard: () => removeScratchDir(dir),
  };
}

/** Over a file or a link of that name. Whoever uses a device, a pipe or a socket there has no other. */
async function placeOver(from: string, to: string): Promise<void> {
  const there = await lstatOrNull(to);
  if (there !== null && !there.isFile() && !there.isSymbolicLink())
    throw new DownloadError(`${to} is in the way: it is no file`);
  await placeDownload(from, to);
}

/** True when a relative target leaves the folder that is `depth` levels above it. */
function climbs(depth: number, target: string): boolean {
  let level = depth;
  for (const segment of target.split('/')) {
    if (segment === '..') level -= 1;
    else if (segment !== '' && segment !== '.') level += 1;
    if (level < 0) return true;
  }
  return false;
}

/** Folders of a download below `path`: real ones, made where they are missing, never a link somewhere else. */
async function realFolder(path: string, names: readonly string[]): Promise<void> {
  let at = path;
  for (const name of names) {
    at = join(at, name);
    const found = await lstatOrNull(at);
    if (found === null) await makeDownloadDir(at);
    else if (!found.isDirectory()) throw new DownloadError(`${at} is in the way: it is no folder`);
  }
}

/** One name of a path that a server chose. */
export function checkSegment(name: string): void {
  const isPlain =
    name !== '' &&
    name !== '.' &&
    name !== '..' &&
    !/[/\0]/.test(name) &&
    name.toLowerCase() !== '.git' &&
    Buffer.byteLength(name) <= 255;
  if (!isPlain)
    throw new DownloadError(`${JSON.stringify(name).slice(0, 300)} is no name for a file`);
}

/** Where a single file called `name` goes. */
export function fileAt({ path, isFolder }: Destination, name: string): string {
  checkSegment(name);
  return isFolder ? join(path, name) : path;
}

export const lastSegment = (path: string): string => basename(path);
