/** Turns what a validator says into what a person can use. */
import type { Desk } from '../document/desk.ts';
import { nearest } from '../document/nearest.ts';
import type { SourceNode } from '../document/source.ts';
import type { InputKind, Shape } from '../model/schemas.gen.ts';
import { SHAPES } from '../model/schemas.gen.ts';
import type { Misfit } from '../model/validators.gen.ts';
import { PROBLEMS_PER_FILE_MAX } from './limits.ts';
import { keySpotAt, spotAt } from './spots.ts';

/** Keys of AWS's answers that no request takes. */
const OUTPUT_ONLY = new Set([
  'AssociationId',
  'AssociationVersion',
  'Date',
  'LastUpdateAssociationDate',
  'LastExecutionDate',
  'LastSuccessfulExecutionDate',
  'Overview',
  'Status',
  'TriggeredAlarms',
  'CreatedDate',
  'ActivationCode',
  'RegistrationsCount',
  'Expired',
  'Version',
  'LastModifiedDate',
  'ARN',
]);

/** What `aws ssm` and CloudFormation put definitions in. */
const WRAPPERS = new Set(['AssociationDescription', 'Associations', 'Properties', 'Resources']);

/** Reports the misfits of one definition at `root`. */
export function reportMisfits(
  desk: Desk,
  root: SourceNode,
  kind: InputKind,
  misfits: readonly Misfit[],
): void {
  // Looking for what was meant costs time for each: more than are shown are not looked at.
  for (const misfit of misfits.slice(0, PROBLEMS_PER_FILE_MAX + 1)) {
    // Said once, by the keyword around them.
    if (/\/(propertyNames|anyOf\/\d+)\//.test(misfit.schemaPath)) continue;
    reportOne({ desk, root, misfit, shape: shapeOf(kind, misfit.schemaPath), kind });
  }
}

type Case = {
  readonly desk: Desk;
  readonly root: SourceNode;
  readonly misfit: Misfit;
  readonly shape: Shape | null;
  readonly kind: InputKind;
};

function reportOne(one: Case): void {
  const { desk, root, misfit, shape } = one;
  const { params, instancePath } = misfit;
  const spot = spotAt(root, instancePath);
  const name = nameOf(instancePath);
  const error = (code: string, message: string, hint: string): void => {
    desk.error(code, spot, message, hint);
  };
  switch (misfit.keyword) {
    case 'additionalProperties':
      unknownKey(one, String(params['additionalProperty']));
      return;
    case 'propertyNames': {
      const key = String(params['propertyName']);
      const message = `${shown(key)} cannot be the name of a parameter`;
      desk.error(
        'bad-format',
        keySpotAt(root, instancePath, key),
        message,
        'Letters, digits, dashes and underscores are allowed.',
      );
      return;
    }
    case 'required':
      missingKey(one, String(params['missingProperty']));
      return;
    case 'anyOf':
      error(
        'missing-key',
        'InstanceId or PublicKey must be there',
        'Write the id of the node, or its public key.',
      );
      return;
    case 'type':
      wrongType(one, String(params['type']));
      return;
    case 'enum': {
      const allowed = (params['allowedValues'] as readonly unknown[]).map(String);
      const near =
        typeof textAt(root, instancePath) === 'string'
          ? nearest(String(textAt(root, instancePath)), allowed)
          : null;
      error(
        'not-allowed',
        `${name} cannot be ${shown(textAt(root, instancePath))}; it is one of ${allowed.join(', ')}`,
        near === null ? '' : `Did you mean "${near}"?`,
      );
      return;
    }
    case 'pattern':
      error(
        'bad-format',
        `${name} cannot be ${shown(textAt(root, instancePath))}${shape?.form === undefined ? '' : `; it is ${shape.form}`}`,
        formatHint(shape),
      );
      return;
    case 'minLength':
    case 'maxLength':
    case 'minItems':
    case 'maxItems':
    case 'maxProperties':
    case 'minimum':
    case 'maximum':
      error(
        'out-of-range',
        `${name} ${rangeText(misfit.keyword, Number(params['limit']))}`,
        formatHint(shape),
      );
      return;
    default:
      error('bad-format', `${name} ${misfit.message ?? 'does not fit'}`, formatHint(shape));
  }
}

function unknownKey({ desk, root, misfit, shape, kind }: Case, key: string): void {
  const spot = keySpotAt(root, misfit.instancePath, key);
  if (misfit.instancePath === '' && OUTPUT_ONLY.has(key)) {
    desk.error(
      'output-only-key',
      spot,
      `${key} stands in answers of AWS and is not part of a definition`,
      'Remove it. (`reconciled import aws`, which will turn what `aws ssm` prints into files, is not built yet.)',
    );
    return;
  }
  desk.error('unknown-key', spot, `unknown key ${shown(key)}`, unknownHint(kind, shape, key));
}

function unknownHint(kind: InputKind, shape: Shape | null, key: string): string {
  const home = homeOf(kind, key);
  if (home !== null) return home === '' ? `${key} stands at the top.` : `Write it below ${home}.`;
  const keys = shape?.keys ?? [];
  if (kind === 'association' && shape === SHAPES.association['#'] && WRAPPERS.has(key))
    return 'A definition stands at the top of its file: write what is in it there.';
  const near = nearest(key, keys);
  return near === null ? `Known here: ${keys.join(', ')}.` : `Did you mean "${near}"?`;
}

/** The map of this kind of file that has this very key, as `Reconciled.Suspend`; `''`: the top. */
function homeOf(kind: InputKind, key: string): string | null {
  for (const [path, { keys }] of Object.entries(SHAPES[kind])) {
    if (keys?.includes(key) === true && !path.includes('/items'))
      return path.replaceAll('/properties/', '.').replace(/^#\.?/, '');
  }
  return null;
}

function missingKey({ desk, root, misfit, kind }: Case, key: string): void {
  const path = misfit.schemaPath.replace(/\/required$/, '');
  const shape = SHAPES[kind][`${path}/properties/${key}`] ?? null;
  const where = misfit.instancePath === '' ? '' : ` in ${nameOf(misfit.instancePath)}`;
  desk.error(
    'missing-key',
    spotAt(root, misfit.instancePath),
    `${key} is missing${where}`,
    formatHint(shape),
  );
}

const TYPE_WORDS: { readonly [type: string]: string } = {
  string: 'a text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  null: 'nothing',
};

function wrongType({ desk, root, misfit, shape }: Case, wanted: string): void {
  const spot = spotAt(root, misfit.instancePath);
  const words = wanted.split(',').map((type) => TYPE_WORDS[type] ?? type);
  const { node } = spot;
  const found =
    node.kind === 'scalar'
      ? node.value === null
        ? 'empty'
        : `${typeWord(node.value)}`
      : `a ${node.kind}`;
  const message = `${nameOf(misfit.instancePath)} must be ${words.join(' or ')}, and is ${found}`;
  desk.error('wrong-type', spot, message, typeHint(node, wanted, shape));
}

function typeHint(node: SourceNode, wanted: string, shape: Shape | null): string {
  if (node.kind === 'scalar' && node.value !== null && wanted === 'string')
    return `Put it in quotes: "${node.written ?? String(node.value)}".`;
  if (node.kind === 'scalar' && node.value !== null && wanted === 'array')
    return `Write a list: [${JSON.stringify(String(node.value))}].`;
  return formatHint(shape);
}

function typeWord(value: string | number | boolean): string {
  if (typeof value === 'string') return 'a text';
  return typeof value === 'number' ? `the number ${value}` : String(value);
}

function rangeText(keyword: string, limit: number): string {
  switch (keyword) {
    case 'minLength':
      return limit === 1 ? 'must not be empty' : `needs at least ${limit} characters`;
    case 'maxLength':
      return `may have at most ${limit} characters`;
    case 'minItems':
      return limit === 1 ? 'must not be empty' : `needs at least ${limit} items`;
    case 'maxItems':
    case 'maxProperties':
      return `may have at most ${limit} items`;
    case 'minimum':
      return `must be ${limit} or more`;
    default:
      return `must be ${limit} or less`;
  }
}

/** What the key is for, with an example. */
function formatHint(shape: Shape | null): string {
  if (shape === null) return '';
  const example =
    shape.example === undefined ? '' : ` For example: ${JSON.stringify(shape.example)}.`;
  return `${shape.description}${example}`;
}

function shapeOf(kind: InputKind, schemaPath: string): Shape | null {
  return SHAPES[kind][schemaPath.slice(0, schemaPath.lastIndexOf('/'))] ?? null;
}

/** `Targets[0].Key`, or `the file` for the whole. */
export function nameOf(pointer: string): string {
  if (pointer === '') return 'the file';
  return pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce(
      (name, part) =>
        /^\d+$/.test(part) ? `${name}[${part}]` : name === '' ? part : `${name}.${part}`,
      '',
    );
}

function textAt(root: SourceNode, pointer: string): unknown {
  const { node } = spotAt(root, pointer);
  return node.kind === 'scalar' ? node.value : node.kind;
}

/** A value as a message shows it: quoted, at most 80 characters. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 82 ? `${text.slice(0, 79)}…"` : text;
}
