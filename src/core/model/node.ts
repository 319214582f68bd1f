/** A machine with an agent: who it is, how it became known, what it last told about itself. */
import type { Instant, NodeId } from './brand.ts';

export type Tags = { readonly [key: string]: string };

/** How a node became known (contract §6): mirrored in the status branch, the seed of the registry after state loss. */
export type Registration = {
  readonly node: NodeId;
  /** `ed25519:` + base64 of the raw 32 bytes. */
  readonly publicKey: string;
  readonly activationId: string;
  readonly name: string;
  /** As the activation gave them; a node file's tags replace them whole. */
  readonly tags: Tags;
  readonly at: Instant;
};

/** A file under `nodes/`: written by people, wins over what registration gave. */
export type NodeFile = {
  readonly node: NodeId;
  readonly name: string | null;
  readonly tags: Tags | null;
  readonly publicKey: string | null;
  readonly revoked: boolean;
  readonly file: string;
};

/** A node as targets see it: registration and node file put together by `core/enrol`. */
export type Node = {
  readonly id: NodeId;
  readonly name: string;
  readonly publicKey: string;
  readonly tags: Tags;
  readonly registration: Registration | null;
  readonly file: string | null;
};

/** Facts a node tells about itself: shown, never matched by targets, never structure. */
export type LastSeenFacts = {
  readonly hostname: string;
  readonly platformType: 'Linux' | 'Windows' | 'MacOS';
  readonly platformName: string;
  readonly platformVersion: string;
  readonly architecture: string;
  readonly agentVersion: string;
  readonly bootId: string;
};

/** A join code's file under `activations/` (shape of CreateActivation; the code is stored hashed). */
export type Activation = {
  readonly id: string;
  /** SHA-256 of the code, hex. */
  readonly codeHash: string;
  readonly registrationLimit: number;
  readonly expiresAt: Instant | null;
  readonly defaultName: string | null;
  readonly tags: Tags;
  readonly file: string;
};
