/** Where a systemd credential of this process lies. */
import { join } from 'node:path';
import { ReconcileError } from '../core/model/errors.ts';

/** @throws ReconcileError CREDENTIAL_MISSING (retry `never`, exit 78) outside of a unit that loads it */
export function credentialPath(name: string): string {
  const dir = process.env['CREDENTIALS_DIRECTORY'];
  if (dir === undefined) {
    throw new ReconcileError(
      'CREDENTIAL_MISSING',
      `systemd:${name} is configured, and this process has no credentials directory: add LoadCredential=${name}:… to the unit`,
      { retry: 'never', exitCode: 78 },
    );
  }
  return join(dir, name);
}
