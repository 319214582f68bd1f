import { digestOf } from '../canonical/digest.ts';
import type { Document, SchemaVersion } from '../model/document.ts';
import { isJsonObject } from '../model/json.ts';
import type { Problem } from '../model/problem.ts';
import { compareProblems } from '../model/problem.ts';
import type { Desk, Spot } from './desk.ts';
import {
  fieldOf,
  isNothing,
  openDesk,
  textField,
  textOfScalar,
  travelsAsText,
  warnUnknownKeys,
} from './desk.ts';
import { overgrowthOf } from './growth.ts';
import { lintSteps } from './lint.ts';
import { nearest } from './nearest.ts';
import { parseParameters } from './parse-parameters.ts';
import { parseSteps } from './parse-steps.ts';
import { readJson } from './read-json.ts';
import { readYaml } from './read-yaml.ts';
import type { Reading } from './source.ts';
import { DOCUMENT_BYTES_MAX, DOCUMENT_BYTES_READ_MAX, toJson } from './source.ts';

export type ParsedDocument = {
  /** Null exactly when one of the problems is an error. */
  readonly document: Document | null;
  readonly problems: readonly Problem[];
};

/**
 * The strict front of the language: everything that AWS's service would refuse, that the node would choke on, or that
 * has no effect, with its place. Without `format`, JSON is tried first and then YAML, as the reference does; a file
 * named `.json` is JSON.
 * @throws never, whatever the text
 * @see spec/documents.md §1, §2.4, §9
 */
export function parseDocument(
  text: string,
  options: {
    readonly file: string;
    readonly format?: 'yaml' | 'json';
    /** Of its text; more for what was judged before, whose aliases are expanded by now. */
    readonly bytesMax?: number;
  },
): ParsedDocument {
  const { reading, format } = read(text, options);
  const desk = openDesk({ file: options.file, text, format });
  for (const { at, pointer, severity, code, message, hint } of reading.faults) {
    const spot: Spot = { node: { kind: 'scalar', at, value: null, written: null }, pointer };
    if (severity === 'error') desk.error(code, spot, message, hint);
    else desk.warn(code, spot, message, hint);
  }
  const document =
    reading.root === null ? null : parseRoot(desk, { node: reading.root, pointer: '' });
  const problems = [...desk.problems].sort(compareProblems);
  const refused = problems.some(({ severity }) => severity === 'error');
  return { document: refused ? null : document, problems };
}

function read(
  text: string,
  { file, format, bytesMax = DOCUMENT_BYTES_MAX }: Parameters<typeof parseDocument>[1],
): { readonly reading: Reading; readonly format: 'yaml' | 'json' } {
  const bytes = Buffer.byteLength(text);
  if (bytes > bytesMax) return { reading: tooLarge(bytes, bytesMax), format: 'json' };
  const wanted = format ?? (file.endsWith('.json') ? 'json' : undefined);
  // What begins otherwise is a map in no JSON, and to fail at it takes as long as to read it.
  if (wanted !== 'json' && !/^\s*[{["]/.test(text))
    return { reading: readYaml(text), format: 'yaml' };
  const reading = readJson(text);
  const isSyntax = reading.root === null && reading.faults.every(({ code }) => code !== 'too-deep');
  if (wanted === 'json' || !isSyntax) return { reading, format: 'json' };
  return { reading: readYaml(text), format: 'yaml' };
}

function tooLarge(bytes: number, bytesMax: number): Reading {
  // Whoever read it from a file or a pipe may have stopped there.
  const size = bytes > DOCUMENT_BYTES_READ_MAX ? `more than ${DOCUMENT_BYTES_READ_MAX}` : bytes;
  const message = `the document has ${size} bytes; at most ${bytesMax} are allowed`;
  const hint = 'Move what it carries into a file that the script downloads, or split it.';
  return {
    root: null,
    faults: [{ code: 'too-large', severity: 'error', at: 0, pointer: '', message, hint }],
  };
}

const TOP_KEYS = [
  'schemaVersion',
  'description',
  'parameters',
  'mainSteps',
  'runtimeConfig',
  '$schema',
];
const OF_RUNBOOKS = 'It belongs to Automation runbooks.';
const EFFECTLESS = {
  assumeRole: OF_RUNBOOKS,
  outputs: OF_RUNBOOKS,
  files: OF_RUNBOOKS,
  variables: OF_RUNBOOKS,
};

function parseRoot(desk: Desk, file: Spot): Document | null {
  const root = unwrap(desk, file);
  if (root.node.kind !== 'map') {
    desk.error('not-a-map', root, 'a document must be a map with schemaVersion and mainSteps');
    return null;
  }
  warnUnknownKeys(desk, root, { of: 'a document', known: TOP_KEYS, effectless: EFFECTLESS });
  const description = textField(desk, root, 'description') ?? '';
  const schemaVersion = parseVersion(desk, root) ?? versionByBody(desk, root);
  if (schemaVersion === null) return null;
  const parameters = parseParameters(desk, root);
  const parsed = parseSteps(desk, root, schemaVersion);
  const steps = parsed.map(({ step }) => step);
  const growth = overgrowthOf({ steps, parameters }, {});
  if (growth !== null)
    desk.error('too-large', root, growth.message, 'Use its default once, or shorten it.');
  lintSteps(desk, root, parsed, { schemaVersion, parameters });
  if (desk.problems.some(({ severity }) => severity === 'error')) return null;
  const content = toJson(root.node, desk.travelling);
  if (!isJsonObject(content)) return null;
  return { schemaVersion, description, parameters, steps, content, digest: digestOf(content) };
}

/** A message saved from an agent carries the document under DocumentContent. */
function unwrap(desk: Desk, file: Spot): Spot {
  const inner = fieldOf(desk, file, 'DocumentContent');
  if (inner?.node.kind !== 'map' || fieldOf(desk, file, 'schemaVersion') !== null) return file;
  desk.warn(
    'wrapped-document',
    inner,
    'only what stands under DocumentContent is read',
    'Save that part as the document.',
  );
  return inner;
}

const VERSIONS: readonly SchemaVersion[] = ['2.2', '2.0', '1.2', '2.0.1', '2.0.2', '2.0.3'];
/** Of other kinds of documents, which nodes here do not run. */
const OTHER_KINDS: { readonly [version: string]: string } = {
  '0.3': 'an Automation runbook',
  '1.0': 'a Session document',
};

/** Compared as text, exactly: `" 2.2"` and a JSON number are no versions. */
function parseVersion(desk: Desk, root: Spot): SchemaVersion | null {
  const field = fieldOf(desk, root, 'schemaVersion');
  const written = field === null || isNothing(field) ? '' : textOfScalar(field.node);
  if (field !== null) travelsAsText(desk, field.node);
  const known = VERSIONS.find((version) => version === written);
  if (known !== undefined) return known;
  if (field !== null && written === '1.0' && !isNothing(fieldOf(desk, root, 'runtimeConfig'))) {
    desk.warn('schema-version-old', field, 'schemaVersion 1.0 is read as 1.2', 'Use "2.2".');
    return '1.2';
  }
  const spot = field ?? root;
  const kind = written === null ? undefined : OTHER_KINDS[written];
  if (field === null)
    desk.error(
      'schema-version-missing',
      spot,
      'schemaVersion is missing',
      'Begin with schemaVersion: "2.2".',
    );
  else if (kind !== undefined)
    desk.error(
      'schema-version-not-executable',
      spot,
      `schemaVersion ${written} is ${kind}, which is not executable here`,
      VERSION_HINT,
    );
  else {
    const near = nearest(written ?? '', VERSIONS);
    const hint = near === null ? VERSION_HINT : `Did you mean "${near}"?`;
    const what = written ?? JSON.stringify(toJson(spot.node));
    desk.error(
      'schema-version',
      spot,
      `Document with schema version ${what} is not supported`,
      hint,
    );
  }
  return null;
}

/** After a wrong version: what the body looks like, so that its own problems are told at once. */
function versionByBody(desk: Desk, root: Spot): SchemaVersion | null {
  const written = fieldOf(desk, root, 'schemaVersion');
  const text = written === null ? null : textOfScalar(written.node);
  if (text !== null && Object.hasOwn(OTHER_KINDS, text)) return null;
  if (!isNothing(fieldOf(desk, root, 'mainSteps'))) return '2.2';
  return isNothing(fieldOf(desk, root, 'runtimeConfig')) ? null : '1.2';
}

const VERSION_HINT = 'Use schemaVersion "2.2".';
