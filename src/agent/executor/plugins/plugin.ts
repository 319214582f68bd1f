import type { SecretPiece } from '../../../core/document/prepared.ts';
import type { TaskOrder } from '../../ports.ts';
import type { ProgramOrder } from '../programs/perform.ts';

/** What a script of this node finds in its environment, the same for every step. */
export type NodeEnvironment = {
  /** '' on a real node; paths that scripts write are prefixed with it (`RECONCILED_ROOT`). */
  readonly root: string;
  readonly nodeId: string;
  readonly platformName: string;
  readonly platformVersion: string;
};

/** Where a task runs: its folders. */
export type TaskPaths = {
  /** The run's own, for what a step needs for a while; removed when the run ends. */
  readonly scratch: string;
  /** `downloads` of the run: relative working directories stand in it. */
  readonly downloads: string;
};

/** A process to be supervised. */
export type Script = {
  readonly kind: 'script';
  readonly text: string;
  readonly workingDirectory: string;
  /** Whole, but for the search path. */
  readonly environment: { readonly [name: string]: string };
  readonly timeoutMs: number;
  /** Program and its first arguments; without, a `#!` line or `sh`. The file then ends in `.ps1`, which PowerShell insists on. */
  readonly interpreter?: readonly string[];
};

/** The task cannot be performed; the text goes to stderr and the step is Failed with code 1. */
export type Failure = {
  readonly kind: 'failure';
  readonly text: string;
  readonly stdout?: string;
};

/** Code of ours that runs in a process of its own, supervised like a script. Exit code 1: its stderr says why, as the step's text. */
export type Program = {
  readonly kind: 'program';
  readonly order: ProgramOrder;
  /** Parts of the order that only this node can read; they reach the program through the supervisor's pipe. */
  readonly secrets: { readonly [field: string]: readonly SecretPiece[] };
  readonly timeoutMs: number;
};

/** A document in a file, to be read: its text is the outcome. Below `within`, whatever links say. */
export type Reading = { readonly kind: 'read'; readonly path: string; readonly within: string };

/** Nothing to be done on the node itself: what the step says, and what its result asks of the daemon. */
export type Request = {
  readonly kind: 'request';
  readonly text: string;
  readonly refresh: readonly string[];
};

/** One action of the language. It decides what is to be done; the executor does it. Never throws for what a document says. */
export type Plugin = {
  readonly action: string;
  /** What it plans is a `Program`, never a script. */
  readonly isProgram?: true;
  /** What it plans changes nothing on the node, so it may be done again after a crash. */
  readonly startsNoProcess?: true;
  plan(
    order: TaskOrder,
    node: NodeEnvironment,
    paths: TaskPaths,
  ): Script | Program | Reading | Request | Failure;
};
