import { readCalendar } from '../calendar/read-calendar.ts';
import type { Desk } from '../document/desk.ts';
import { openDesk } from '../document/desk.ts';
import { parseDocument } from '../document/parse.ts';
import { documentProblemsForPlatformActions } from '../document/platform-actions.ts';
import type { SourceNode } from '../document/source.ts';
import { toJson } from '../document/source.ts';
import type { BlobId } from '../model/brand.ts';
import type { Problem } from '../model/problem.ts';
import { compareProblems } from '../model/problem.ts';
import type { AssociationFile, DocumentMetadataFile, InputKind } from '../model/schemas.gen.ts';
import type { Misfit, Validator } from '../model/validators.gen.ts';
import {
  validateActivation,
  validateAssociation,
  validateDocumentMetadata,
  validateGroup,
  validateNode,
  validateParameter,
  validateReconciled,
} from '../model/validators.gen.ts';
import { readDraft, remainsOf } from './draft.ts';
import { reportEffects } from './effects.ts';
import type { Reader } from './entries.ts';
import { readActivation, readGroup, readMetadata, readNode, readSettings } from './entries.ts';
import { ignoreMistakes } from './ignored.ts';
import type { FileKind } from './kinds.ts';
import { isUnsafePath, kindOf, unsafeName } from './kinds.ts';
import { FILE_BYTES_MAX, PROBLEMS_PER_FILE_MAX, SETTINGS_BYTES_MAX } from './limits.ts';
import { reportMisfits, shown } from './misfits.ts';
import { readParameter } from './parameter.ts';
import type { FileContent, ParsedFile, Placed, Remains } from './parsed.ts';
import { readOwn } from './read-own.ts';
import { placesOf } from './spots.ts';

export type ParseInput = {
  readonly path: string;
  readonly blob: BlobId;
  readonly bytes: Uint8Array;
};

export type ParseOptions = {
  /** Actions that an agent of this program performs; null: do not look. */
  readonly builtActions: readonly string[] | null;
};

/**
 * What one file says. Depends on path and bytes alone, so the answer can be kept by path and blob id.
 * @throws never, whatever the bytes
 */
export function parseFile({ path, blob, bytes }: ParseInput, options: ParseOptions): ParsedFile {
  const kind = kindOf(path);
  const text = decode(bytes);
  const format = path.endsWith('.json') ? 'json' : 'yaml';
  const desk = openDesk({ file: path, text: text ?? '', format });
  const ruleProblems: Problem[] = [];
  const remains: Remains[] = [];
  const read = (): FileContent | null => {
    const obstacle = obstacleOf(path, kind, bytes.length, text);
    if (obstacle !== null) {
      reportWhole(desk, obstacle);
      return null;
    }
    if (kind.kind === 'document') {
      const { document, problems } = parseDocument(text ?? '', { file: path, format });
      ruleProblems.push(...problems);
      refuseUnsafeName(desk, kind);
      if (document === null) return null;
      const { builtActions } = options;
      if (builtActions !== null)
        ruleProblems.push(
          ...documentProblemsForPlatformActions(document, { file: path, builtActions }),
        );
      return { kind: 'document', name: kind.name, number: kind.number, document };
    }
    if (kind.kind === 'calendar') {
      const { content, problems } = readCalendar(text ?? '', path);
      ruleProblems.push(...problems);
      refuseUnsafeName(desk, kind);
      return content === null ? null : { kind: 'calendar', name: kind.name, calendar: content };
    }
    return readContent({ path, text: text ?? '', format, desk, remains }, kind);
  };
  const content = read();
  const problems = capped([...ruleProblems, ...desk.problems].sort(compareProblems));
  const refused = problems.some(({ severity }) => severity === 'error');
  return {
    path,
    blob,
    bytes: bytes.length,
    content: refused ? null : content,
    problems,
    claims: kind.kind === 'associations' && refused ? claimsOf(text ?? '') : [],
    remains: refused ? remains : [],
  };
}

/** A problem of the whole file, made where no bytes were read. */
export function wholeFileProblem(
  file: string,
  {
    code,
    message,
    hint,
  }: { readonly code: string; readonly message: string; readonly hint: string },
): Problem {
  return { code, severity: 'error', file, line: 1, column: 1, pointer: '', message, hint };
}

type Obstacle = { readonly code: string; readonly message: string; readonly hint: string };

function obstacleOf(
  path: string,
  kind: FileKind,
  bytes: number,
  text: string | null,
): Obstacle | null {
  if (isUnsafePath(path))
    return {
      code: 'unsafe-path',
      message: 'this path is not safe on every system',
      hint: 'Rename the file.',
    };
  const bytesMax = kind.kind === 'settings' ? SETTINGS_BYTES_MAX : FILE_BYTES_MAX;
  if (bytes > bytesMax)
    return {
      code: 'too-large',
      message: `the file has ${bytes} bytes; at most ${bytesMax} are allowed`,
      hint: 'Split it.',
    };
  if (text === null)
    return { code: 'not-utf-8', message: 'the file is no UTF-8 text', hint: 'Save it as UTF-8.' };
  if (kind.kind === 'misplaced')
    return {
      code: 'misplaced',
      message: kind.message,
      hint: kind.hint,
    };
  if (kind.kind === 'not-built-yet')
    return {
      code: 'not-built-yet',
      message: `${kind.what} are not built yet`,
      hint: 'Remove the file for now.',
    };
  return null;
}

const UTF_8 = new TextDecoder('utf-8', { fatal: true });

/** Null when the bytes are no UTF-8. A byte-order mark is dropped. */
function decode(bytes: Uint8Array): string | null {
  try {
    return UTF_8.decode(bytes);
  } catch {
    return null; // the caller makes a problem of it
  }
}

type TextFile = {
  readonly path: string;
  readonly text: string;
  readonly format: 'json' | 'yaml';
  readonly desk: Desk;
  readonly remains: Remains[];
};

function readContent(file: TextFile, kind: FileKind): FileContent | null {
  switch (kind.kind) {
    case 'settings': {
      const [settings] = readAll(
        file,
        { kind: 'reconciled', validate: validateReconciled, single: true, empty: true },
        readSettings,
      );
      return settings === undefined ? null : { kind: 'settings', settings: settings.value };
    }
    case 'ignore':
      for (const { line, message } of ignoreMistakes(file.text)) {
        const at = offsetOfLine(file.text, line);
        file.desk.error(
          'ignore-pattern',
          { node: { kind: 'scalar', at, value: null, written: null }, pointer: '' },
          message,
          'Write shorter, simpler patterns.',
        );
      }
      return { kind: 'ignore', text: file.text };
    case 'associations':
      return {
        kind: 'associations',
        drafts: readAll(
          file,
          {
            kind: 'association',
            validate: validateAssociation,
            onMisfits: (reader, misfits) => {
              const remains = remainsOf(reader, misfits);
              if (remains !== null) file.remains.push(remains);
            },
          },
          (reader, definition: AssociationFile) => {
            const draft = readDraft(reader, definition);
            // Judged on its own as long as the file has errors.
            file.remains.push({ draft, left: [] });
            return draft;
          },
        ).map(({ value }) => value),
      };
    case 'document-metadata': {
      refuseUnsafeName(file.desk, { kind: 'document', name: kind.name });
      const [found] = readAll(
        file,
        {
          kind: 'document-metadata',
          validate: validateDocumentMetadata,
          single: true,
          empty: true,
        },
        (reader, file: DocumentMetadataFile) => {
          const metadata = readMetadata(reader, file);
          return metadata === null ? null : { metadata, places: placesOf(reader) };
        },
      );
      return found === undefined
        ? null
        : { kind: 'document-metadata', name: kind.name, ...found.value };
    }
    case 'nodes':
      return {
        kind: 'nodes',
        entries: readAll(file, { kind: 'node', validate: validateNode }, readNode),
      };
    case 'activations':
      return {
        kind: 'activations',
        entries: readAll(
          file,
          { kind: 'activation', validate: validateActivation },
          readActivation,
        ),
      };
    case 'groups':
      return {
        kind: 'groups',
        entries: readAll(file, { kind: 'group', validate: validateGroup }, readGroup),
      };
    case 'parameters':
      return {
        kind: 'parameters',
        entries: readAll(file, { kind: 'parameter', validate: validateParameter }, readParameter),
      };
    default:
      return null;
  }
}

type Reading = {
  readonly kind: InputKind;
  readonly validate: Validator;
  /** One definition a file. */
  readonly single?: boolean;
  /** A file without a definition is one with every default. */
  readonly empty?: boolean;
  readonly onMisfits?: (reader: Reader, misfits: readonly Misfit[]) => void;
};

/** Every definition of a file that fits its schema and that `convert` accepts. */
function readAll<File, Value>(
  { path, text, format, desk }: TextFile,
  { kind, validate, single = false, empty = false, onMisfits }: Reading,
  convert: (reader: Reader, file: File) => Value | null,
): readonly Placed<Value>[] {
  const { roots, faults } = readOwn(text, format);
  for (const { code, at, pointer, message, hint } of faults) {
    desk.error(
      code,
      { node: { kind: 'scalar', at, value: null, written: null }, pointer },
      message,
      hint,
    );
  }
  if (faults.length > 0) return [];
  const definitions: readonly SourceNode[] =
    roots.length === 0 && empty ? [{ kind: 'map', at: 0, entries: [] }] : roots;
  const [, second] = definitions;
  if (definitions.length === 0)
    reportWhole(desk, {
      code: 'empty-file',
      message: 'the file defines nothing',
      hint: 'Remove it, or write a definition.',
    });
  if (single && second !== undefined)
    desk.error(
      'further-documents',
      { node: second, pointer: '' },
      'this file holds one definition only',
      'Remove the others.',
    );
  const accepted: Placed<Value>[] = [];
  for (const root of definitions) {
    const value = toJson(root);
    const reader: Reader = { desk, root, path };
    reportEffects(reader, kind, value);
    if (!validate(value)) {
      const misfits = validate.errors ?? [];
      reportMisfits(desk, root, kind, misfits);
      onMisfits?.(reader, misfits);
      continue;
    }
    const converted = convert(reader, value as unknown as File);
    const { line, column } = desk.placeOf({ node: root, pointer: '' });
    if (converted !== null) accepted.push({ value: converted, place: [line, column] });
  }
  return accepted;
}

function refuseUnsafeName(
  desk: Desk,
  { kind, name }: { readonly kind: 'document' | 'calendar'; readonly name: string },
): void {
  const wrong = unsafeName(name);
  if (wrong === null) return;
  reportWhole(desk, {
    code: 'unsafe-name',
    message: `the ${kind} name ${shown(name)} ${wrong}`,
    hint: 'Rename the file.',
  });
}

function reportWhole(desk: Desk, { code, message, hint }: Obstacle): void {
  desk.error(
    code,
    { node: { kind: 'scalar', at: 0, value: null, written: null }, pointer: '' },
    message,
    hint,
  );
}

function capped(problems: readonly Problem[]): readonly Problem[] {
  const more = problems.slice(PROBLEMS_PER_FILE_MAX);
  const [next] = more;
  if (next === undefined) return problems;
  const isError = more.some(({ severity }) => severity === 'error');
  const rest: Problem = {
    ...next,
    code: 'more-problems',
    severity: isError ? 'error' : 'warning',
    message: 'there are more problems in this file',
    hint: 'Repair the first ones.',
  };
  return [...problems.slice(0, PROBLEMS_PER_FILE_MAX), rest];
}

const CLAIM = /^[ \t{]{0,64}"?AssociationName"?\s*:\s*["']?([A-Za-z0-9_.-]{3,128})/gm;

function claimsOf(text: string): readonly string[] {
  return [...new Set([...text.matchAll(CLAIM)].map(([, name = '']) => name))].slice(0, 1_000);
}

function offsetOfLine(text: string, line: number): number {
  let at = 0;
  for (let i = 1; i < line; i++) at = text.indexOf('\n', at) + 1;
  return at;
}
