import { stringify } from 'yaml';
import { isRecipient } from '../protocol/keys.ts';
import { encryptFor } from '../secrets/age.ts';
import { SECRET_BYTES_MIN } from '../secrets/mask.ts';
import type { Command } from './command.ts';
import { usage } from './command.ts';
import { EXIT } from './exit.ts';

/** The tier with the largest values. */
const BYTES_MAX = 8_192;
const STANDARD_BYTES_MAX = 4_096;

export const command: Command = {
  flags: [
    {
      syntax: '--recipient <age1…>',
      about:
        "the daemon's escrow recipient (doctor prints it where identity.escrow is set), or that of a role",
      many: true,
    },
    { syntax: '--name <name>', about: 'of the parameter', required: true },
  ],
  examples: [
    'printf %s "$PASSWORD" | reconciled parameter encrypt --name /db/password --recipient age1… > parameters/db-password.yaml',
  ],
  /** The value comes from standard input: arguments are seen by everybody on the machine, and kept by shells. */
  async run(call, context) {
    const recipients = call.list('recipient');
    if (recipients.length === 0) throw usage('--recipient is missing: whom is it for?');
    const value = await readValue(context.stdin());
    const bytes = Buffer.byteLength(value);
    // A node refuses what it could not mask, and white space around a value is no part of the mask.
    if (Buffer.byteLength(value.trim()) < SECRET_BYTES_MIN)
      throw usage(`the value on standard input is shorter than ${SECRET_BYTES_MIN} bytes`);
    if (value.includes('\0')) throw usage('the value holds a NUL, which no variable can');
    const file = {
      Name: call.text('name'),
      Type: 'SecureString',
      ...(bytes > STANDARD_BYTES_MAX ? { Tier: 'Advanced' } : {}),
      Value: await encrypted(recipients, value),
    };
    context.stdout.write(stringify(file));
    if (value.endsWith('\n'))
      context.stderr.write('the value ends with a line break; printf %s leaves it out\n');
    return EXIT.done;
  },
};

/** @throws ReconcileError USAGE for what no variable of a script could hold */
async function readValue(input: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of input) {
    length += chunk.length;
    if (length > BYTES_MAX)
      throw usage(`the value on standard input has more than ${BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  const bytes = Buffer.concat(chunks);
  const value = bytes.toString('utf8');
  if (!Buffer.from(value).equals(bytes)) throw usage('the value on standard input is no UTF-8');
  return value;
}

async function encrypted(recipients: readonly string[], value: string): Promise<string> {
  const wrong = recipients.find((recipient) => !isRecipient(recipient));
  if (wrong !== undefined) throw usage(`${wrong} is no age recipient (age1…)`);
  try {
    return await encryptFor(recipients, value);
  } catch {
    throw usage(`a recipient is mistyped: its checksum is wrong (${recipients.join(', ')})`);
  }
}
