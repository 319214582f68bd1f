import fs from 'node:fs/promises';
import path from 'node:path';
import { isErrno } from './errno.ts';
import { safeFs } from './safe-fs.ts';

/**
 * Makes `dir` a bare repository that both we and native Git accept, or repairs its frame; objects and refs that are
 * there stay. `originUrl` only when it is fetched into.
 */
export async function ensureBareDirectory(dir: string, originUrl: string | null): Promise<void> {
  for (const folder of ['objects/pack', 'objects/info', 'refs/heads', 'refs/remotes'])
    await fs.mkdir(path.join(dir, folder), { recursive: true, mode: 0o700 });
  const origin =
    originUrl === null
      ? ''
      : `[remote "origin"]\n\turl = ${originUrl}\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n`;
  const config = `[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n[gc]\n\tauto = 0\n${origin}`;
  await safeFs.promises.writeFile(path.join(dir, 'config'), config);
  await safeFs.promises.writeFile(path.join(dir, 'HEAD'), 'ref: refs/heads/main\n');
}

/**
 * Moves a damaged repository out of the way, keeping the last one for whoever wants to look; it is a mirror, so nothing
 * is lost but the time to fetch it again.
 */
export async function setAside(dir: string): Promise<string> {
  const aside = `${dir}.damaged`;
  await fs.rm(aside, { recursive: true, force: true });
  try {
    await fs.rename(dir, aside);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error; // somebody removed it, which is what was wanted
  }
  return aside;
}
