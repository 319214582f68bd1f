import { parseCiphertext } from '../core/document/ciphertext.ts';
import type { Result } from '../core/model/result.ts';
import { err, ok } from '../core/model/result.ts';
import { decryptWith } from './age.ts';
import { SECRET_BYTES_MIN } from './mask.ts';

/** Armored ciphertext by the name of its parameter. */
export type Ciphertexts = { readonly [parameter: string]: string };
/** Plain text by the name of its parameter. Never written anywhere. */
export type Secrets = ReadonlyMap<string, string>;

/** Of all secrets of a run together: what masking them costs in memory. */
export const SECRETS_BYTES_MAX = 65_536;

/** The error names every parameter that could not be opened and says why, without a byte of any. */
export async function openSecrets(
  ciphertexts: Ciphertexts,
  identities: readonly string[],
): Promise<Result<Secrets, string>> {
  const secrets = new Map<string, string>();
  const faults: string[] = [];
  let bytes = 0;
  for (const [parameter, ciphertext] of Object.entries(ciphertexts)) {
    const opened = await openOne(ciphertext, identities);
    if (opened.ok) {
      secrets.set(parameter, opened.value);
      bytes += Buffer.byteLength(opened.value);
    } else faults.push(`Parameter ${parameter} of type SecureString ${opened.error}`);
  }
  if (bytes > SECRETS_BYTES_MAX)
    faults.push(
      `Parameters of type SecureString are longer than ${SECRETS_BYTES_MAX} bytes in all`,
    );
  return faults.length === 0 ? ok(secrets) : err(faults.join('; '));
}

async function openOne(
  ciphertext: string,
  identities: readonly string[],
): Promise<Result<string, string>> {
  const parsed = parseCiphertext(ciphertext);
  if (!parsed.ok) return err(`is no ciphertext that can be opened: ${parsed.error}`);
  const opened = await decryptWith(identities, parsed.value.armored);
  switch (opened.kind) {
    case 'foreign':
      return err(
        'is encrypted neither for an identity of this node nor for the escrow identity of the daemon',
      );
    case 'broken':
      return err('is damaged');
    case 'plain':
      return readPlain(opened.bytes);
  }
}

/** An environment variable holds text without NUL; what is too short could not be masked. */
function readPlain(bytes: Uint8Array): Result<string, string> {
  const text = Buffer.from(bytes).toString('utf8');
  if (text.includes('\0') || !Buffer.from(text).equals(bytes))
    return err('holds no text (UTF-8 without NUL)');
  return Buffer.byteLength(text.trim()) < SECRET_BYTES_MIN
    ? err(`is shorter than ${SECRET_BYTES_MIN} bytes, so it could not be masked in output`)
    : ok(text);
}
