import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parseDuration } from '../core/load/duration.ts';
import { readAgentConfig, readDaemonConfig } from '../core/load/read-config.ts';
import { present, ReconcileError } from '../core/model/errors.ts';
import type { Problem } from '../core/model/problem.ts';
import type { DaemonAlarm, DaemonConfigFile } from '../core/model/schemas.gen.ts';

/** Where an alarm is read. */
export type AlarmSource = {
  readonly name: string;
  readonly from: { readonly file: string } | { readonly url: string };
  readonly intervalMs: number;
};

/** Where a secret is kept: never in the configuration itself. */
export type SecretRef =
  | { readonly kind: 'file'; readonly path: string }
  /** A systemd credential: a file of that name in `$CREDENTIALS_DIRECTORY`. */
  | { readonly kind: 'systemd'; readonly name: string };

export type Webhook = {
  readonly provider: 'github' | 'gitlab' | 'gitea';
  readonly secret: SecretRef;
};

/** daemon.yaml with everything decided: durations in ms, paths absolute. */
export type DaemonConfig = {
  /** The configuration file itself, absolute. */
  readonly file: string;
  readonly instance: string;
  readonly source: {
    /** As written, or an absolute path when it is one. */
    readonly url: string;
    readonly isLocal: boolean;
    readonly branch: string;
    /** '' for the root. */
    readonly path: string;
    readonly pollIntervalMs: number;
    readonly credentials: SecretRef | null;
    readonly caFile: string | null;
  };
  readonly status: {
    /** Equal to `source.url` unless another repository is configured. */
    readonly url: string;
    readonly isLocal: boolean;
    readonly branch: string;
    readonly intervalMs: number;
    /** How long ended executions stay in the tip; whole days. */
    readonly retentionMs: number;
    readonly credentials: SecretRef | null;
    /** As the source's where both are on one host. */
    readonly caFile: string | null;
  };
  readonly stateDir: string;
  readonly identityKey: SecretRef;
  /** The age identity that SecureStrings are encrypted for; null: nodes hold identities themselves. */
  readonly escrow: SecretRef | null;
  readonly agents: {
    readonly listen: Listen;
    readonly tls: { readonly cert: string; readonly key: string } | null;
    readonly proxyKeys: readonly string[];
    /** Plain WebSocket; only on a loopback address. */
    readonly insecure: boolean;
  };
  readonly http: { readonly listen: Listen };
  readonly controlSocket: string;
  readonly webhooks: readonly Webhook[];
  readonly alarms: readonly AlarmSource[];
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error';
};

export type Listen = { readonly host: string; readonly port: number };

export type AgentConfig = {
  readonly server: string;
  readonly serverKey: string;
  readonly nodeId: string;
  readonly stateDir: string;
  readonly identities: readonly string[];
};

/**
 * @throws ReconcileError CONFIG_INVALID (exit code 78, retry `never`) with every problem in its message, or
 *   CONFIG_UNREADABLE when there is no such file
 */
export async function loadDaemonConfig(path: string): Promise<DaemonConfig> {
  const file = resolve(path);
  const parsed = readDaemonConfig({ file, text: await readText(file) });
  if (!parsed.ok) throw invalid(parsed.error);
  const config = decide(file, parsed.value);
  if (config.agents.insecure && !isLoopback(config.agents.listen.host)) {
    throw refused(file, 'agents.insecure is allowed on a loopback address only');
  }
  return config;
}

/** @throws as `loadDaemonConfig` */
export async function loadAgentConfig(path: string): Promise<AgentConfig> {
  const file = resolve(path);
  const parsed = readAgentConfig({ file, text: await readText(file) });
  if (!parsed.ok) throw invalid(parsed.error);
  const { identities = [] } = parsed.value;
  return { ...parsed.value, identities, stateDir: resolve(dirname(file), parsed.value.stateDir) };
}

function decide(file: string, config: DaemonConfigFile): DaemonConfig {
  const base = dirname(file);
  const at = (path: string): string => resolve(base, path);
  const secret = (text: string | undefined): SecretRef | null =>
    text === undefined ? null : secretRef(text, at);
  const { source, status = {}, agents = {}, http = {}, identity = {}, control = {} } = config;
  const url = (text: string): { readonly url: string; readonly isLocal: boolean } =>
    isPath(text)
      ? { url: at(text), isLocal: true }
      : { url: withoutPassword(file, text), isLocal: false };
  const stateDir = at(config.stateDir);
  return {
    file,
    instance: config.instance,
    source: {
      ...url(source.url),
      branch: given(source.branch),
      path: source.path === '.' ? '' : given(source.path).replace(/^\.\/|\/+$/g, ''),
      pollIntervalMs: duration(source.pollInterval),
      credentials: secret(source.credentials),
      caFile: source.caFile === undefined ? null : at(source.caFile),
    },
    status: {
      ...url(status.url ?? source.url),
      branch: given(status.branch),
      intervalMs: duration(status.interval),
      retentionMs: duration(status.retention),
      credentials: secret(
        status.credentials ?? (status.url === undefined ? source.credentials : undefined),
      ),
      caFile:
        source.caFile !== undefined && sameHost(source.url, status.url ?? source.url)
          ? at(source.caFile)
          : null,
    },
    stateDir,
    identityKey: secretRef(identity.key ?? 'daemon.key', at),
    escrow: secret(identity.escrow),
    agents: {
      listen: listen(given(agents.listen)),
      tls: agents.tls === undefined ? null : { cert: at(agents.tls.cert), key: at(agents.tls.key) },
      proxyKeys: agents.proxyKeys ?? [],
      insecure: agents.insecure === true,
    },
    http: { listen: listen(given(http.listen)) },
    controlSocket: at(control.socket ?? resolve(stateDir, 'control.sock')),
    webhooks: (config.webhooks ?? []).map(({ provider, secretFile }) => ({
      provider,
      secret: secretRef(secretFile, at),
    })),
    alarms: alarmSources(file, config.alarms ?? [], at),
    logLevel: given(config.log?.level),
  };
}

function alarmSources(
  file: string,
  alarms: readonly DaemonAlarm[],
  at: (path: string) => string,
): readonly AlarmSource[] {
  const names = alarms.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw refused(file, `alarm ${twice} is defined twice`);
  return alarms.map((alarm) => alarmSource(file, alarm, at));
}

function alarmSource(
  file: string,
  { name, file: path, url, interval }: DaemonAlarm,
  at: (path: string) => string,
): AlarmSource {
  const intervalMs = duration(interval);
  if (path !== undefined && url === undefined)
    return { name, from: { file: at(path) }, intervalMs };
  if (url !== undefined && path === undefined) return { name, from: { url }, intervalMs };
  throw refused(file, `alarm ${name} needs either a file or a url`);
}

function secretRef(text: string, at: (path: string) => string): SecretRef {
  return text.startsWith('systemd:')
    ? { kind: 'systemd', name: text.slice('systemd:'.length) }
    : { kind: 'file', path: at(text) };
}

/** One host has one certificate, whichever of its repositories is asked for. */
function sameHost(one: string, other: string): boolean {
  return URL.canParse(one) && URL.canParse(other) && new URL(one).host === new URL(other).host;
}

/** `host:port` and git's `user@host:path` are no paths; a URL has a scheme. */
function isPath(text: string): boolean {
  return !/^[a-z][a-z0-9+.-]*:\/\//i.test(text) && !/^[^/]+@[^/]+:/.test(text);
}

function withoutPassword(file: string, text: string): string {
  if (/^[a-z][a-z0-9+.-]*:\/\/[^/@]*:[^/@]*@/i.test(text)) {
    throw refused(
      file,
      'a URL must not hold a password: put it into a file and name that in credentials',
    );
  }
  return text;
}

/** The schema has checked the form: `host:port`, `[::1]:port`, `:port`. */
function listen(text: string): Listen {
  const colon = text.lastIndexOf(':');
  const host = text.slice(0, colon).replace(/^\[|\]$/g, '');
  return { host: host === '' ? '0.0.0.0' : host, port: Number(text.slice(colon + 1)) };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function duration(text: string | undefined): number {
  return present(parseDuration(given(text)), 'the schema has checked durations');
}

function given<Value>(value: Value | undefined): Value {
  return present(value, 'the schema gives a default');
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new ReconcileError('CONFIG_UNREADABLE', `cannot read the configuration ${file}`, {
      retry: 'never',
      cause,
      exitCode: 78,
    });
  }
}

function invalid(problems: readonly Problem[]): ReconcileError {
  const lines = problems.map(
    ({ file, line, column, message, hint }) =>
      `${file}:${line}:${column}: ${message}${hint === '' ? '' : `. ${hint}`}`,
  );
  return new ReconcileError('CONFIG_INVALID', lines.join('\n'), { retry: 'never', exitCode: 78 });
}

function refused(file: string, sentence: string): ReconcileError {
  return new ReconcileError('CONFIG_INVALID', `${file}: ${sentence}`, {
    retry: 'never',
    exitCode: 78,
  });
}
