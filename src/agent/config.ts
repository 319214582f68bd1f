import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parse, stringify } from 'yaml';
import type { NodeId } from '../core/model/brand.ts';
import { isNodeId } from '../core/model/brand.ts';
import { ReconcileError } from '../core/model/errors.ts';
import { isJsonObject } from '../core/model/json.ts';
import { systemCode } from '../disk/errors.ts';
import { ensureDir, writeFileAtomic } from '../disk/files.ts';
import { isPublicKeyText } from '../protocol/keys.ts';
import { isAllowedServer } from './session.ts';

/** `agent.yaml`, written by `agent register` (`schemas/agent-config.schema.json`). */
export type AgentConfig = {
  readonly server: string;
  readonly serverKey: string;
  readonly nodeId: NodeId;
  readonly stateDir: string;
  /** Files of age identities of its roles, or `systemd:NAME`: what SecureStrings may be encrypted for besides itself. */
  readonly identities: readonly string[];
};

/** @throws ReconcileError CONFIG_MISSING, CONFIG_INVALID (retry `never`, exit code 78) */
export async function loadAgentConfig(path: string): Promise<AgentConfig> {
  const config: unknown = parseOrNull(await readConfig(path));
  if (!isJsonObject(config)) throw invalid(path, 'it is no YAML map');
  const { server, serverKey, nodeId, stateDir } = config as { readonly [key: string]: unknown };
  if (typeof server !== 'string' || !isAllowedServer(server)) {
    throw invalid(path, 'server must be wss://…, or ws://… on loopback');
  }
  if (typeof serverKey !== 'string' || !isPublicKeyText(serverKey)) {
    throw invalid(path, 'serverKey must be ed25519:…');
  }
  if (typeof nodeId !== 'string' || !isNodeId(nodeId)) throw invalid(path, 'nodeId is no node id');
  if (typeof stateDir !== 'string' || !stateDir.startsWith('/')) {
    throw invalid(path, 'stateDir must be an absolute path');
  }
  const identities = (config as { readonly [key: string]: unknown })['identities'] ?? [];
  if (!isIdentities(identities)) {
    throw invalid(path, 'identities must be a list of absolute paths or systemd:NAME');
  }
  return { server, serverKey, nodeId, stateDir, identities };
}

function isIdentities(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) &&
    value.length <= 20 &&
    value.every(
      (entry) => typeof entry === 'string' && /^(\/|systemd:[A-Za-z0-9._-]+$)/.test(entry),
    )
  );
}

export async function saveAgentConfig(path: string, config: AgentConfig): Promise<void> {
  await ensureDir(dirname(path), { mode: 0o755 });
  await writeFileAtomic(path, stringify(config), { mode: 0o644 });
}

async function readConfig(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (systemCode(cause) === null) throw cause;
    throw new ReconcileError(
      'CONFIG_MISSING',
      `cannot read ${path}; register this node first: reconciled agent register`,
      { retry: 'never', exitCode: 78, cause },
    );
  }
}

function parseOrNull(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return null; // the caller says which file it is
  }
}

const invalid = (path: string, why: string): ReconcileError =>
  new ReconcileError('CONFIG_INVALID', `${path}: ${why}`, { retry: 'never', exitCode: 78 });
