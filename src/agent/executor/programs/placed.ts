import { lstat, realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, normalize } from 'node:path';
import { makeDownloadDir } from '../../../disk/download-file.ts';
import { systemCode } from '../../../disk/errors.ts';

/** What is wrong with a download, in words for the step's stderr. */
export class DownloadError extends Error {}

/** One that may be gone at the next attempt: the network's, or the server's for now. */
export class PassingError extends DownloadError {}

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

export async function lstatOrNull(path: string) {
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
