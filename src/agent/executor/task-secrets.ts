/** Secrets of one task: into it in plain text, out of it masked, and nowhere else. */
import { preparingText } from '../../core/document/run-document.ts';
import type { Mask } from '../../secrets/mask.ts';
import type { Secrets } from '../../secrets/open.ts';
import { appendText, noOutput } from '../output.ts';
import type { TaskOrder, TaskOutcome } from '../ports.ts';
import type { Unlocked } from '../vault.ts';

type Opened =
  | Extract<Unlocked, { ok: false }>
  | { readonly ok: true; readonly secrets: Secrets; readonly mask: Mask | null };

export const hasSecrets = ({ ciphertexts }: TaskOrder): boolean =>
  Object.keys(ciphertexts).length > 0;
export const withoutSecrets: Opened = { ok: true, secrets: new Map(), mask: null };

/** The variables of a task in plain text: for the supervisor's pipe and nothing else. */
export function revealed(
  pieces: TaskOrder['secretEnvironment'],
  secrets: Secrets,
): { readonly [name: string]: string } {
  return Object.fromEntries(
    Object.entries(pieces).map(([name, value]) => [
      name,
      value.map((piece) => ('text' in piece ? piece.text : secrets.get(piece.secret))).join(''),
    ]),
  );
}

/** What cannot be masked any more is not told: the identity went away while the step ran. */
export function withheld(why: string): Pick<TaskOutcome, 'stdout' | 'stderr'> {
  const text = `output withheld, because it could not be masked: ${why}`;
  return { stdout: noOutput, stderr: appendText(noOutput, text) };
}

/** A document that an earlier step wrote a secret into would have it in the ledger, in scripts and in what is said of it. */
export function masked({ document, ...outcome }: TaskOutcome, mask: Mask | null): TaskOutcome {
  if (mask === null) return document === undefined ? outcome : { ...outcome, document };
  if (document !== undefined && mask.text(document) !== document)
    return { ...outcome, exitCode: 1, failure: preparingText(secretInDocument) };
  const failure = mask.text(outcome.failure);
  return { ...outcome, failure, ...(document === undefined ? {} : { document }) };
}

const secretInDocument = 'it holds the value of a SecureString, which is never part of a document';
