/**
 * Encrypting and opening age files, by the library of age's own author. It is loaded at the first secret: an agent that
 * has none does not pay for it. Ciphertexts have passed `parseCiphertext`, so whatever reaches the library is small.
 */
import type * as Age from 'age-encryption';

/** 15 MiB and a third of a second. */
const library = (): Promise<typeof Age> => import('age-encryption');

export const makeIdentityText = async (): Promise<string> =>
  (await library()).generateX25519Identity();
/** @throws Error for what is no identity */
export const recipientOf = async (identity: string): Promise<string> =>
  (await library()).identityToRecipient(identity);

/** Armored. @throws Error for what is no recipient (`isRecipient`) */
export async function encryptFor(recipients: readonly string[], plain: string): Promise<string> {
  const { armor, Encrypter } = await library();
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  return armor.encode(await encrypter.encrypt(plain));
}

export type Opened =
  | { readonly kind: 'plain'; readonly bytes: Uint8Array }
  /** Encrypted for somebody else. */
  | { readonly kind: 'foreign' }
  /** It is for one of these identities, and it is damaged. */
  | { readonly kind: 'broken' };

/** Never throws for what a ciphertext holds. */
export async function decryptWith(identities: readonly string[], armored: string): Promise<Opened> {
  const { armor, Decrypter } = await library();
  const decrypter = new Decrypter();
  const asked = { isForeign: false };
  for (const identity of identities) decrypter.addIdentity(identity);
  // Asked last, and only when none of ours had an answer: the library's own texts are not to be relied on.
  decrypter.addIdentity({
    unwrapFileKey: () => {
      asked.isForeign = true;
      return null;
    },
  });
  try {
    return { kind: 'plain', bytes: await decrypter.decrypt(armor.decode(armored)) };
  } catch {
    return asked.isForeign ? { kind: 'foreign' } : { kind: 'broken' };
  }
}
