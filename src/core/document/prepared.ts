/**
 * What `prepareRun` takes and gives: the language's answer to "what would this document do on that node". The agent
 * executes it, `document render` prints it; both see the same steps.
 */
import type { Json } from '../model/json.ts';

export type PlatformType = 'Linux' | 'Windows' | 'MacOS';

/** A Parameter Store entry as a reference finds it. */
export type StoreValue = {
  readonly type: 'String' | 'StringList' | 'SecureString';
  readonly value: string;
};

/** `reference` is the name as asked, with `:version` when one was written; null when there is no such entry. */
export type StoreLookup = (reference: string) => StoreValue | null;

export type RunContext = {
  readonly platformType: PlatformType;
  /** Actions this program can perform on this platform, e.g. `aws:runShellScript`. */
  readonly handlers: ReadonlySet<string>;
  readonly store: StoreLookup;
};

/** `Skip` and `Fail` never start anything and carry AWS's text in `reason`, which is '' for `Run`. */
export type Disposition = 'Run' | 'Skip' | 'Fail';

/** A part of a variable's value: as it is, or a SecureString that only the node knows. */
export type SecretPiece = { readonly text: string } | { readonly secret: string };

export type PreparedStep = {
  readonly name: string;
  readonly action: string;
  /** Substituted and resolved. A map; or a list of maps: perform the action once per element and merge. */
  readonly inputs: Json;
  readonly disposition: Disposition;
  readonly reason: string;
  /** Values handed over by `interpolationType: ENV_VAR`: `SSM_<parameter>` → text. */
  readonly environment: { readonly [name: string]: string };
  /** The same for those with a SecureString in them: put together by the executor, when the step starts. */
  readonly secretEnvironment: { readonly [name: string]: readonly SecretPiece[] };
  /** Effective values of the shared inputs; anything the language ignores is null. */
  readonly onFailure: 'exit' | 'successAndExit' | null;
  readonly onSuccess: 'exit' | null;
  /** True on the last step only: it runs in spite of an exit condition. */
  readonly finallyStep: boolean;
};

/** Not ok: the document fails before its first step, with this text. */
export type Preparation =
  | { readonly ok: true; readonly steps: readonly PreparedStep[] }
  | { readonly ok: false; readonly message: string };
