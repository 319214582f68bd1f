import { join } from 'node:path';
import type { RunId } from '../core/model/brand.ts';
import { ReconcileError } from '../core/model/errors.ts';
import { credentialPath } from '../secrets/credential.ts';
import { readIdentities } from '../secrets/identity-file.ts';
import type { Mask } from '../secrets/mask.ts';
import { makeMask } from '../secrets/mask.ts';
import type { Ciphertexts, Secrets } from '../secrets/open.ts';
import { openSecrets } from '../secrets/open.ts';

/** What a run may know, or why it may not. */
export type Unlocked =
  | { readonly ok: true; readonly secrets: Secrets; readonly mask: Mask }
  | { readonly ok: false; readonly message: string };

export type Vault = {
  /** The same answer for a run until it is forgotten. Identities are read each time, so a rotation needs no restart. */
  unlock(run: RunId, ciphertexts: Ciphertexts): Promise<Unlocked>;
  /** The run is over: its plain texts go. */
  forget(run: RunId): void;
};

/** `identities` are paths, or `systemd:NAME`; an absent one is none. */
export function openVault(identities: readonly string[]): Vault {
  let last: { readonly run: RunId; readonly unlocked: Promise<Unlocked> } | null = null;
  return {
    unlock(run, ciphertexts) {
      if (last?.run !== run) last = { run, unlocked: unlock(ciphertexts, identities) };
      return last.unlocked;
    },
    forget(run) {
      if (last?.run === run) last = null;
    },
  };
}

/** The node's own age identity, made at registration: what the daemon encrypts for at dispatch. */
export const ownIdentityFile = (stateDir: string): string => join(stateDir, 'age.key');

async function unlock(ciphertexts: Ciphertexts, files: readonly string[]): Promise<Unlocked> {
  const identities: string[] = [];
  const unread: string[] = [];
  for (const file of files) {
    try {
      const path = file.startsWith('systemd:') ? credentialPath(file.slice(8)) : file;
      identities.push(...(await readIdentities(path)));
    } catch (cause) {
      if (!(cause instanceof ReconcileError)) throw cause;
      unread.push(cause.message);
    }
  }
  const opened = await openSecrets(ciphertexts, identities);
  if (opened.ok)
    return { ok: true, secrets: opened.value, mask: makeMask([...opened.value.values()]) };
  return { ok: false, message: [opened.error, ...unread].join('; ') };
}
