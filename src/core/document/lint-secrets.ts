/** A SecureString that an author put where it stays text: a warning, since the reference runs it without a word. */
import type { Desk, Spot } from './desk.ts';
import { forEachTemplate } from './input-spots.ts';
import { SECURE_TOKEN } from './secure.ts';

/** `spot` is a script, or another input that no secret is put into (`secure.ts` says which may hold one). */
export function lintSecrets(desk: Desk, spot: Spot): void {
  forEachTemplate(spot, (text, at) => {
    for (const [token, name = ''] of text.matchAll(SECURE_TOKEN))
      desk.warn(
        'secret-stays-text',
        desk.next(at, token, Math.max(0, at.node.at)),
        `{{ssm-secure:${name}}} stays this very text: no secret is put into a script or its inputs`,
        'Declare a String parameter with interpolationType: ENV_VAR, give that the reference, and use it in runCommand of a step of this document.',
      );
  });
}
