/** Where a secret lies right now: a file, or a systemd credential of this service. */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { SecretRef } from '../io/config.ts';
import { credentialPath } from '../secrets/credential.ts';

/** @throws ReconcileError CREDENTIAL_MISSING (retry `never`, exit 78) outside of a unit that loads it */
export function secretPath(secret: SecretRef): string {
  return secret.kind === 'file' ? secret.path : credentialPath(secret.name);
}

export const optionalSecretPath = (secret: SecretRef | null): string | null =>
  secret === null ? null : secretPath(secret);

/**
 * Where a key of the daemon lies. A unit that loads the configured file as a credential of the same name hands it over there, so
 * that one configuration serves the service, which may not open the file, and root's `activation create`, which may.
 */
export function identityKeyPath(secret: SecretRef): string {
  const dir = process.env['CREDENTIALS_DIRECTORY'];
  if (secret.kind === 'systemd' || dir === undefined) return secretPath(secret);
  const handedOver = join(dir, basename(secret.path));
  return existsSync(handedOver) ? handedOver : secret.path;
}
