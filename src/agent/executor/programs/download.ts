/** `aws:downloadContent`, in a process of its own. @see spec/documents.md §4.9 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { DownloadSource } from '../../../core/document/download-content.ts';
import { unreachable } from '../../../core/model/errors.ts';
import type { JsonObject } from '../../../core/model/json.ts';
import { makeScratchDir, removeScratchDir } from '../../../disk/scratch.ts';
import type { GitSource } from './git.ts';
import { fetchTree } from './git.ts';
import { download, get, shown } from './http.ts';
import type { Patience } from './patience.ts';
import type { Destination } from './placed.ts';
import { destinationOf, fileAt } from './placed.ts';
import { downloadS3, readS3Credentials } from './s3.ts';
import type { Staging } from './staging.ts';
import { openStaging } from './staging.ts';

export type DownloadOrder = {
  readonly kind: 'download';
  readonly source: DownloadSource;
  readonly destinationPath: string;
  /** `downloads` of the run. */
  readonly downloads: string;
  /** Where the step keeps what it needs for a while. */
  readonly scratch: string;
  readonly s3CredentialsFile: string;
  /** Content of the document that `SSMDocument` names, as the job carried it. */
  readonly document: JsonObject | null;
  readonly gitHubUrl: string;
};

/** @returns what the step says; @throws DownloadError */
export async function downloadContent(order: DownloadOrder, patience: Patience): Promise<string> {
  const destination = await destinationOf(order.destinationPath, order.downloads);
  const staging = await openStaging(destination, order.scratch);
  try {
    return `Content downloaded to ${await fetchSource(order, destination, staging, patience)}`;
  } finally {
    await staging.discard();
  }
}

/** @returns where the content stands */
async function fetchSource(
  order: DownloadOrder,
  destination: Destination,
  staging: Staging,
  patience: Patience,
): Promise<string> {
  const { source } = order;
  const { signal } = patience;
  switch (source.sourceType) {
    case 'HTTP': {
      const name = `download${randomBytes(8).toString('hex')}`;
      const { url, authMethod: method, username, password, sha256 } = source;
      const auth = method === 'None' ? { method } : { method, username, password };
      const { allowInsecureDownload: allowInsecure } = source;
      const ask = () => get(url, { auth, allowInsecure, signal });
      const wanted = { name: shown(new URL(url)), ask, sha256 };
      await download(wanted, patience, await staging.file([name]));
      return placeOne(staging, fileAt(destination, name));
    }
    case 'Git':
      return fetchGit({ ...source, usualBranch: '' }, '', order, {
        destination,
        staging,
        patience,
      });
    case 'GitHub': {
      const { owner, repository, path, tokenInfo, branch, commitID } = source;
      const git: GitSource = {
        repository: `${order.gitHubUrl}/${owner}/${repository.replace(/\.git$/, '')}.git`,
        username: tokenInfo === '' ? '' : 'x-access-token',
        password: tokenInfo,
        privateSSHKey: '',
        skipHostKeyChecking: false,
        usualBranch: 'master',
        branch,
        commitID,
      };
      return fetchGit(git, path, order, { destination, staging, patience });
    }
    case 'S3': {
      const credentials = await readS3Credentials(order.s3CredentialsFile);
      return downloadS3(source, { destination, staging, credentials, patience });
    }
    case 'SSMDocument': {
      const name = `${source.name.split('/').at(-1)?.replace(/:.*$/, '') ?? ''}.json`;
      const file = await staging.file([name]);
      await file.write(Buffer.from(`${JSON.stringify(order.document, null, 2)}\n`));
      await file.close();
      return placeOne(staging, fileAt(destination, name));
    }
    default:
      return unreachable(source);
  }
}

async function placeOne(staging: Staging, path: string): Promise<string> {
  await staging.placeFile(path);
  return path;
}

async function fetchGit(
  source: GitSource,
  path: string,
  { scratch }: DownloadOrder,
  to: {
    readonly destination: Destination;
    readonly staging: Staging;
    readonly patience: Patience;
  },
): Promise<string> {
  const dir = join(scratch, `git-${randomBytes(8).toString('hex')}`);
  makeScratchDir(dir);
  try {
    const { destination, staging, patience } = to;
    const gitdir = join(dir, 'repository.git');
    const file = await fetchTree(source, { gitdir, path, staging, patience });
    if (file !== null) return await placeOne(staging, fileAt(destination, file));
    await staging.placeFolder(destination.path);
    return destination.path;
  } finally {
    await removeScratchDir(dir);
  }
}
