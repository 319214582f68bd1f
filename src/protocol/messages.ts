/**
 * What daemon and agent say to each other, one JSON object per WebSocket message. The server speaks first (contract
 * §6, "The channel"). Whatever arrives is parsed by `parse.ts` before it is believed to have one of these shapes.
 *
 *   server → proof      the pinned key signs a nonce and the keys of the TLS certificates it may be reached under
 *   agent  → hello      the node's key signs the same; facts, what it runs, what it has seen (and a join code once)
 *   server → welcome    dictated spread and heartbeat; or wait, or refused
 *   server → job        a signed envelope; agent → accepted | busy | refused | already
 *   agent  → started, rebooting, result;  server → ack
 *   server → revoke     not started yet? then never;  agent → revoked | busy
 *   server → cancel     stop the running step now
 *
 * Heartbeats are ping and pong frames of the WebSocket, sent by the server; they never become messages.
 */
import type {
  AssociationName,
  Digest,
  ExecutionId,
  Instant,
  NodeId,
  RunId,
} from '../core/model/brand.ts';
import type { JsonObject } from '../core/model/json.ts';
import type { DetailedStatus, RunResult, RunStatus } from '../core/model/run.ts';

export const PROTOCOL_VERSION = 1;
/** Largest message either side accepts, bytes (limits table: whole result message 256 KiB, job content 64 KiB + room). */
export const MESSAGE_BYTES_MAX = 512 * 1024;
/** Bounds of what is inside, checked by `parse.ts` (limits table). */
export const RESULT_BYTES_MAX = 256 * 1024;
export const STREAM_TEXT_MAX = 24_000;
export const STREAM_END_MAX = 2_000;
export const STEPS_MAX = 64;
export const STEP_NAME_MAX = 128;
/** Why a step, or a job, ended as it did. */
export const REASON_MAX = 2_000;
/** Associations that one run may ask for by name. */
export const REFRESH_MAX = 100;
export const LAST_RUNS_MAX = 1_000;

/** Epoch and position fence stale daemons: an agent refuses pairs lower than the highest it has seen. */
export type Fence = { readonly epoch: number; readonly position: number };

/** What travels signed. `payload` is the exact JSON text that was signed. */
export type SignedEnvelope = {
  readonly payload: string;
  /** Ed25519 over the exact bytes (`sign.ts`), base64. */
  readonly signature: string;
};

/** The payload of an envelope of kind `job`. */
export type Job = {
  readonly kind: 'job';
  readonly instance: string;
  readonly node: NodeId;
  readonly run: RunId;
  readonly execution: ExecutionId;
  readonly association: AssociationName;
  readonly associationId: string;
  readonly generation: Digest;
  readonly occasion: string;
  readonly document: {
    readonly name: string;
    readonly version: string;
    /** The document as parsed, canonical JSON. */
    readonly content: JsonObject;
    readonly digest: Digest;
  };
  /** What the document includes by name, and what that includes in turn: as the step names it → content. */
  readonly documents: {
    readonly [reference: string]: { readonly content: JsonObject; readonly digest: Digest };
  };
  /** Values by declared type, references `{{ssm:…}}` unresolved. */
  readonly parameters: JsonObject;
  readonly parametersDigest: Digest;
  /**
   * Values of the Parameter Store references that occur: name (with version or label) → value. That of a SecureString is an
   * age file in its armor, for the node's own recipient or for identities that it holds.
   */
  readonly parameterStore: {
    readonly [reference: string]: {
      readonly type: 'String' | 'StringList' | 'SecureString';
      readonly value: string;
    };
  };
  readonly fence: Fence;
  readonly notBefore: Instant;
  /** Five minutes after it was handed over: an agent starts nothing later. */
  readonly notAfter: Instant;
  readonly onInterrupted: 'Report' | 'Retry';
  /** Whole run, ms; null when the steps' own time-outs are all there is. */
  readonly timeoutMs: number | null;
};

export type ServerMessage =
  | {
      readonly kind: 'proof';
      readonly protocol: number;
      readonly instance: string;
      /** 32 random bytes, base64. */
      readonly nonce: string;
      /**
       * SHA-256 of the SubjectPublicKeyInfo, hex, of the server's certificate and of listed proxies' ones. Empty on plain
       * ws, which both sides accept on loopback only.
       */
      readonly tlsKeys: readonly string[];
      /** `ed25519:` + base64; the agent compares it with the key it has pinned. */
      readonly daemonKey: string;
      readonly signature: string;
    }
  | {
      readonly kind: 'welcome';
      /** A reconnecting agent waits a random part of this, ms: min(120 s, 4 ms × nodes). */
      readonly reconnectSpreadMs: number;
      readonly heartbeatMs: number;
      readonly name: string;
    }
  | {
      readonly kind: 'wait';
      readonly code: string;
      readonly message: string;
      readonly retryAfterMs: number;
    }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  | { readonly kind: 'job'; readonly envelope: SignedEnvelope }
  | { readonly kind: 'revoke'; readonly run: RunId }
  | { readonly kind: 'cancel'; readonly run: RunId; readonly reason: string }
  | { readonly kind: 'ack'; readonly run: RunId };

/** The last run of an association on a node, as its ledger keeps it for ever: the seed of recovery. */
export type LastRun = {
  readonly association: AssociationName;
  readonly run: RunId;
  readonly execution: ExecutionId;
  readonly generation: Digest;
  readonly occasion: string;
  readonly status: RunStatus;
  readonly detailedStatus: DetailedStatus;
  readonly finishedAt: Instant;
};

export type NodeFacts = {
  readonly hostname: string;
  readonly platformType: 'Linux' | 'Windows' | 'MacOS';
  readonly platformName: string;
  readonly platformVersion: string;
  readonly architecture: string;
  readonly agentVersion: string;
  readonly bootId: string;
};

export type AgentMessage =
  | {
      readonly kind: 'hello';
      readonly protocol: number;
      readonly node: NodeId;
      /** Ed25519 public key, `ed25519:` + base64 of the raw 32 bytes. */
      readonly publicKey: string;
      /** The one of the proof's `tlsKeys` that this connection has; '' on plain ws. */
      readonly tlsKey: string;
      readonly signature: string;
      readonly facts: NodeFacts;
      readonly fence: Fence;
      /** The run whose step is alive or whose job is taken right now. */
      readonly running: RunId | null;
      readonly startedAt: Instant | null;
      readonly lastRuns: readonly LastRun[];
      /** What secrets of this node are encrypted for, `age1…`; part of what the hello's signature covers. */
      readonly recipient: string | null;
      /** Only at registration. The code goes to a daemon that has proven itself. */
      readonly activation: { readonly id: string; readonly code: string } | null;
    }
  | { readonly kind: 'accepted'; readonly run: RunId }
  | { readonly kind: 'busy'; readonly run: RunId; readonly with: RunId }
  | {
      readonly kind: 'refused';
      readonly run: RunId;
      readonly code: RefusalCode;
      readonly message: string;
      /** Of a job that comes too late or too early: what the node's clock shows. Null: for another reason, or an older agent. */
      readonly clock: Instant | null;
    }
  | { readonly kind: 'revoked'; readonly run: RunId }
  /** This run id has been started here before; its result was acked and only this is left of it. */
  | { readonly kind: 'already'; readonly last: LastRun }
  | { readonly kind: 'started'; readonly run: RunId; readonly at: Instant }
  /** A step of the run asked for it: the node will be away, and the run goes on when it is back. */
  | { readonly kind: 'rebooting'; readonly run: RunId }
  | { readonly kind: 'result'; readonly result: RunResult };

export type RefusalCode =
  | 'BadSignature'
  | 'WrongNode'
  | 'Expired'
  | 'NotYet'
  | 'StaleEpoch'
  | 'BadDigest'
  | 'DiskFull'
  | 'Malformed';
