import { randomBytes } from 'node:crypto';
import { dirname, join } from 'node:path';
import type { DownloadFile } from '../../../disk/download-file.ts';
import {
  createDownloadFile,
  linkDownload,
  makeDownloadDir,
  placeDownload,
} from '../../../disk/download-file.ts';
import { removeScratchDir } from '../../../disk/scratch.ts';
import { forgetStaged, recordStaged, stagedName } from '../staged.ts';
import type { Destination } from './placed.ts';
import {
  checkSegment,
  DOWNLOAD_BYTES_MAX,
  DOWNLOAD_FILES_MAX,
  DownloadError,
  lstatOrNull,
} from './placed.ts';

/** A download in the making, in a folder beside its destination. */
export type Staging = {
  /** `name` has checked segments. Counts against the bounds of the whole. */
  file(name: readonly string[]): Promise<DownloadFile>;
  /** Made when everything else has its place: until then no folder of a download can lead anywhere. */
  link(name: readonly string[], target: string): void;
  /** Everything into the folder `path`; what is there otherwise stays. */
  placeFolder(path: string): Promise<void>;
  /** The only file as `path`. */
  placeFile(path: string): Promise<void>;
  /** Removes what was not placed. */
  discard(): Promise<void>;
};

/** `scratch` is the run's: with it goes what a killed download leaves. */
export async function openStaging(
  destination: Destination,
  scratch: string,
  bytesMax = DOWNLOAD_BYTES_MAX,
): Promise<Staging> {
  const parent = destination.isFolder ? destination.path : dirname(destination.path);
  await makeDownloadDir(parent);
  const id = randomBytes(8).toString('hex');
  const dir = join(parent, stagedName(id));
  recordStaged(scratch, id, dir);
  await makeDownloadDir(dir);
  const enter = openNames();
  const files: (readonly string[])[] = [];
  const links: { readonly name: readonly string[]; readonly target: string }[] = [];
  let bytes = 0;

  async function place(path: string, name: readonly string[]): Promise<void> {
    await realFolder(path, name.slice(0, -1));
    await placeOver(join(dir, ...name), join(path, ...name));
  }

  return {
    async file(name) {
      enter(name);
      files.push(name);
      await realFolder(dir, name.slice(0, -1));
      const file = await createDownloadFile(join(dir, ...name));
      let own = 0;
      return {
        async write(chunk) {
          own += chunk.length;
          bytes += chunk.length;
          if (bytes > bytesMax) throw new DownloadError(`more than ${bytesMax} bytes`);
          await file.write(chunk);
        },
        async rewind() {
          await file.rewind();
          bytes -= own;
          own = 0;
        },
        close: () => file.close(),
      };
    },
    link(name, target) {
      if (leadsOut(name.length - 1, target))
        throw new DownloadError(`${name.join('/')} is a link that leads out of the download`);
      enter(name);
      links.push({ name, target });
    },
    async placeFolder(path) {
      await makeDownloadDir(path);
      for (const name of files) await place(path, name);
      for (const { name, target } of links) {
        await realFolder(dir, name.slice(0, -1));
        await linkDownload(target, join(dir, ...name));
        await place(path, name);
      }
    },
    async placeFile(path) {
      const [only] = files;
      if (only === undefined) throw new DownloadError('there is nothing to download');
      await placeOver(join(dir, ...only), path);
    },
    async discard() {
      await removeScratchDir(dir);
      forgetStaged(scratch, id);
    },
  };
}

/**
 * Takes each name of a download once, and none below a name that is a file or a link: a server that names one thing twice,
 * as a link and as a folder, would have its files written where the link leads.
 */
function openNames(): (name: readonly string[]) => void {
  const entries = new Set<string>();
  const folders = new Set<string>();
  return (name) => {
    for (const segment of name) checkSegment(segment);
    const path = name.join('/');
    if (entries.size >= DOWNLOAD_FILES_MAX)
      throw new DownloadError(`more than ${DOWNLOAD_FILES_MAX} files`);
    if (entries.has(path) || folders.has(path))
      throw new DownloadError(`${path} is in the download twice`);
    for (let depth = 1; depth < name.length; depth += 1) {
      const parent = name.slice(0, depth).join('/');
      if (entries.has(parent)) throw new DownloadError(`${parent} is in the download twice`);
      folders.add(parent);
    }
    entries.add(path);
  };
}

/** Over a file or a link of that name. Whoever uses a device, a pipe or a socket there has no other. */
async function placeOver(from: string, to: string): Promise<void> {
  const there = await lstatOrNull(to);
  if (there !== null && !there.isFile() && !there.isSymbolicLink())
    throw new DownloadError(`${to} is in the way: it is no file`);
  await placeDownload(from, to);
}

/**
 * True when a target may leave the folder that is `depth` levels above the link. Only leading `..` can be counted: the link
 * stands in a real folder, and so do those above it. After a name they cannot, because the name may be a link itself, of
 * this download or of an earlier one at the same place.
 */
function leadsOut(depth: number, target: string): boolean {
  if (target === '' || target.startsWith('/') || target.includes('\0')) return true;
  const segments = target.split('/').filter((segment) => segment !== '' && segment !== '.');
  const down = segments.findIndex((segment) => segment !== '..');
  const ups = down === -1 ? segments.length : down;
  return ups > depth || segments.slice(ups).includes('..');
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
