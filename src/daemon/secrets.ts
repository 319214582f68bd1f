/** Where a secret lies right now: a file, or a systemd credential of this service. */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ReconcileError } from '../core/model/errors.ts';
import type { SecretRef } from '../io/config.ts';

/** @throws ReconcileError CREDENTIAL_MISSING (retry `never`, exit 78) outside of a unit that loads it */
export function secretPath(secret: SecretRef): string {
  if (secret.kind === 'file') return secret.path;
  const dir = process.env['CREDENTIALS_DIRECTORY'];
  if (dir === undefined) {
    throw new ReconcileError(
      'CREDENTIAL_MISSING',
      `systemd:${secret.name} is configured, and this process has no credentials directory: add LoadCredential=${secret.name}:… to the unit`,
      { retry: 'never', exitCode: 78 },
    );
  }
  return join(dir, secret.name);
}

export const optionalSecretPath = (secret: SecretRef | null): string | null =>
  secret === null ? null : secretPath(secret);

/**
 * Where the daemon's key lies. A unit that loads the configured file as a credential of the same name hands it over there, so
 * that one configuration serves the service, which may not open the file, and root's `activation create`, which may.
 */
export function identityKeyPath(secret: SecretRef): string {
  const dir = process.env['CREDENTIALS_DIRECTORY'];
  if (secret.kind === 'systemd' || dir === undefined) return secretPath(secret);
  const handedOver = join(dir, basename(secret.path));
  return existsSync(handedOver) ? handedOver : secret.path;
}
