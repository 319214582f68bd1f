import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { systemCode } from '../../disk/errors.ts';
import type { NodeFacts } from '../../protocol/messages.ts';

/** Facts about this machine: shown and handed to scripts, never believed for targets (contract §3). */
export async function gatherFacts(agentVersion: string): Promise<NodeFacts> {
  const osRelease = parseOsRelease(
    (await readOrNull('/etc/os-release')) ?? (await readOrNull('/usr/lib/os-release')) ?? '',
  );
  const bootId = (await readOrNull('/proc/sys/kernel/random/boot_id')) ?? '';
  return {
    hostname: hostname().slice(0, 255),
    platformType: 'Linux',
    platformName: (osRelease.get('NAME') ?? 'Linux').slice(0, 200),
    platformVersion: (osRelease.get('VERSION_ID') ?? '').slice(0, 200),
    architecture: architectures[process.arch] ?? process.arch,
    agentVersion,
    bootId: bootId.trim().slice(0, 64),
  };
}

/** Keys and values of os-release(5); lines that are no assignment are left out. */
export function parseOsRelease(text: string): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^([A-Z0-9_]+)=(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s"']*))\s*$/.exec(line);
    if (match === null) continue;
    const [, key = '', double, single, bare] = match;
    pairs.set(key, double?.replace(/\\(.)/g, '$1') ?? single ?? bare ?? '');
  }
  return pairs;
}

/** As `uname -m` says it. */
const architectures: { readonly [arch: string]: string } = {
  x64: 'x86_64',
  arm64: 'aarch64',
  arm: 'armv7l',
  ia32: 'i686',
};

async function readOrNull(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return null;
    throw cause;
  }
}
