/** A Parameter Store entry: what PutParameter would refuse, and what only this program can know of a SecureString. */
import { CIPHERTEXT_LENGTH_MAX, looksEncrypted, parseCiphertext } from '../document/ciphertext.ts';
import { compilePattern } from '../document/pattern.ts';
import type { Parameter, ParameterVersion } from '../model/association.ts';
import { present } from '../model/errors.ts';
import type { ParameterFile } from '../model/schemas.gen.ts';
import type { Reader } from './entries.ts';
import { shown } from './misfits.ts';
import { spotAt } from './spots.ts';

/** Bytes of a value, by tier. */
const STANDARD_BYTES_MAX = 4_096;
const ADVANCED_BYTES_MAX = 8_192;
/** A shorter secret would be found everywhere in an output and could not be masked (`secrets/mask.ts`). */
const SECRET_BYTES_MIN = 4;

const AMI = /^ami-([0-9a-f]{8}|[0-9a-f]{17})$/;

/** Null with at least one problem on the desk. */
export function readParameter(reader: Reader, file: ParameterFile): Parameter | null {
  const { Name, Type = 'String', Reconciled: own = {} } = file;
  const versions = versionsOf(file);
  const values = versions.map(({ value, pointer }) => readValue(reader, file, { value, pointer }));
  const isRight = [
    nameIsRight(reader, Name),
    versionsAreRight(reader, versions),
    labelsAreRight(reader, versions),
    patternIsRight(reader, file),
    dataTypeIsRight(reader, file),
    ...values.map((value) => value !== null),
  ].every(Boolean);
  if (!isRight) return null;
  const [current, ...history] = versions.map(({ version, labels }, i) => ({
    version,
    labels,
    value: present(values[i], 'a right value was read'),
  }));
  return {
    name: Name,
    type: Type,
    value: present(current, 'the first version is the current one').value,
    version: own.Version ?? 1,
    labels: own.Labels ?? [],
    history,
    file: reader.path,
  };
}

type Written = ParameterVersion & { readonly pointer: string };

/** The current one first. */
function versionsOf({ Value, Reconciled: own = {} }: ParameterFile): readonly Written[] {
  const { Version = 1, Labels = [], History = [] } = own;
  return [
    { version: Version, value: Value, labels: Labels, pointer: '' },
    ...History.map((past, i) => ({
      version: past.Version,
      value: past.Value,
      labels: past.Labels ?? [],
      pointer: `/Reconciled/History/${i}`,
    })),
  ];
}

function nameIsRight({ desk, root }: Reader, name: string): boolean {
  if (!/^\/?(aws|ssm)/i.test(name)) return true;
  const message = 'the name of a parameter cannot begin with aws or ssm';
  desk.error('bad-format', spotAt(root, '/Name'), message, 'Choose another prefix.');
  return false;
}

function versionsAreRight({ desk, root }: Reader, versions: readonly Written[]): boolean {
  const [current, ...history] = versions;
  const seen = new Set<number>();
  let right = true;
  for (const { version, pointer } of history) {
    const isOlder = version < (current?.version ?? 1);
    if (isOlder && !seen.has(version)) seen.add(version);
    else {
      const message = isOlder
        ? `version ${version} is given twice`
        : `version ${version} is no earlier one than ${current?.version ?? 1}, the current one`;
      const hint = 'Raise Reconciled.Version with every new value.';
      desk.error('duplicate-name', spotAt(root, `${pointer}/Version`), message, hint);
      right = false;
    }
  }
  return right;
}

function labelsAreRight({ desk, root }: Reader, versions: readonly Written[]): boolean {
  const seen = new Set<string>();
  let right = true;
  for (const { labels, pointer } of versions) {
    for (const [i, label] of labels.entries()) {
      const isReserved = /^(aws|ssm)/i.test(label);
      if (!isReserved && !seen.has(label)) seen.add(label);
      else {
        const at = pointer === '' ? '/Reconciled/Labels' : `${pointer}/Labels`;
        desk.error(
          isReserved ? 'bad-format' : 'duplicate-name',
          spotAt(root, `${at}/${i}`),
          isReserved
            ? 'a label cannot begin with aws or ssm'
            : `the label ${shown(label)} belongs to one version at a time`,
          'Choose another label.',
        );
        right = false;
      }
    }
  }
  return right;
}

function patternIsRight({ desk, root }: Reader, file: ParameterFile): boolean {
  const { AllowedPattern, Type, Value } = file;
  if (AllowedPattern === undefined) return true;
  const spot = spotAt(root, '/AllowedPattern');
  const pattern = compilePattern(AllowedPattern);
  if (pattern.kind !== 'pattern') {
    const message = `AllowedPattern is no regular expression of RE2: ${pattern.reason}`;
    desk.error('pattern-invalid', spot, message, '');
    return false;
  }
  if (Type === 'SecureString') {
    const message = 'AllowedPattern cannot be judged: only nodes know the plain text';
    desk.error('secure-ciphertext', spot, message, 'Remove it.');
    return false;
  }
  if (pattern.finds(Value)) return true;
  const message = 'Value does not match AllowedPattern';
  const hint = `It must match ${shown(AllowedPattern)}.`;
  desk.error('bad-format', spotAt(root, '/Value'), message, hint);
  return false;
}

function dataTypeIsRight({ desk, root }: Reader, file: ParameterFile): boolean {
  const { DataType, Type = 'String', Value } = file;
  if (DataType !== 'aws:ec2:image') return true;
  const spot = spotAt(root, '/DataType');
  if (Type !== 'String') {
    const message = `DataType aws:ec2:image goes with Type String, not ${Type}`;
    desk.error('exclusive-keys', spot, message, 'Write DataType: text.');
    return false;
  }
  if (AMI.test(Value)) return true;
  const message = 'Value is not the id of an Amazon Machine Image';
  desk.error('bad-format', spotAt(root, '/Value'), message, 'e.g. ami-0123456789abcdef0');
  return false;
}

/** The value as it is worked with; null with a problem that never repeats a byte of a secret. */
function readValue(
  { desk, root }: Reader,
  { Type, Tier }: ParameterFile,
  { value, pointer }: Pick<Written, 'value' | 'pointer'>,
): string | null {
  const spot = spotAt(root, `${pointer}/Value`);
  const bytesMax =
    Tier === undefined || Tier === 'Standard' ? STANDARD_BYTES_MAX : ADVANCED_BYTES_MAX;
  const tooLong = (bytes: number): boolean => {
    if (bytes <= bytesMax) return false;
    const isStandard = bytesMax === STANDARD_BYTES_MAX && bytes <= ADVANCED_BYTES_MAX;
    const hint = isStandard ? 'Write Tier: Advanced.' : 'Split it, or let a step fetch it.';
    desk.error('out-of-range', spot, `Value is ${bytes} bytes long, more than ${bytesMax}`, hint);
    return true;
  };
  if (Type !== 'SecureString') return tooLong(Buffer.byteLength(value)) ? null : value;
  if (!looksEncrypted(value)) {
    desk.error(
      'secure-plain',
      spot,
      'the Value of a SecureString is an age file in its armor, and this is plain text',
      'Encrypt it: reconciled parameter encrypt --recipient age1…. Then change the secret itself: Git keeps this one.',
    );
    return null;
  }
  const parsed = parseCiphertext(value);
  if (!parsed.ok) {
    const message = `Value cannot be opened by any node: ${parsed.error}`;
    const hint = `Encrypt it again, for age1… recipients; at most ${CIPHERTEXT_LENGTH_MAX} characters.`;
    desk.error('secure-ciphertext', spot, message, hint);
    return null;
  }
  const { armored, plainBytes } = parsed.value;
  if (plainBytes < SECRET_BYTES_MIN) {
    const message = `the secret is shorter than ${SECRET_BYTES_MIN} bytes, so it could not be masked in output`;
    desk.error('secure-ciphertext', spot, message, 'Choose a longer one.');
    return null;
  }
  return tooLong(plainBytes) ? null : armored;
}
