/** What a document would do on a node of a platform, with these parameters: the same functions that the agent calls. */
import { KNOWN_ACTIONS, runsOn } from '../../core/document/actions.ts';
import { prepareRun } from '../../core/document/prepare.ts';
import type { PlatformType, PreparedStep, StoreLookup } from '../../core/document/prepared.ts';
import { secureNames } from '../../core/document/secure.ts';
import { storeReferences } from '../../core/document/store.ts';
import type { Document } from '../../core/model/document.ts';
import type { JsonObject } from '../../core/model/json.ts';
import type { Problem } from '../../core/model/problem.ts';
import { compareProblems } from '../../core/model/problem.ts';
import type { Given } from './given-parameters.ts';
import { typeGiven } from './given-parameters.ts';
import { isValid, judgeSource } from './judge-source.ts';
import type { Source } from './read-text.ts';

export type Rendered = {
  readonly steps: readonly PreparedStep[];
  readonly problems: readonly Problem[];
};

type Options = {
  readonly platformType: PlatformType;
  readonly given: Given;
  /** Null when no repository was named: references stay as written. */
  readonly store: StoreLookup | null;
};

/** Without steps when a problem is an error. */
export function renderDocument(source: Source, { platformType, given, store }: Options): Rendered {
  const { file } = source;
  const judged = judgeSource(source, platformType);
  if (judged.document === null) return { steps: [], problems: judged.problems };
  const typed = typeGiven(judged.document, given, store === null ? { file } : { file, store });
  const problems = [...judged.problems, ...typed.problems];
  if (!isValid(typed.problems)) return { steps: [], problems: problems.sort(compareProblems) };
  const document =
    store === null ? withoutPatterns(judged.document, typed.values) : judged.document;
  const unresolved = new Set<string>();
  const prepared = prepareRun(document, typed.values, {
    platformType,
    handlers: handlersOn(platformType),
    store: store ?? asWritten(unresolved, secretsOf(document, typed.values)),
  });
  if (!prepared.ok) problems.push(cannotRun(file, prepared.message));
  for (const reference of unresolved) problems.push(notLookedUp(file, reference));
  return { steps: prepared.ok ? prepared.steps : [], problems: problems.sort(compareProblems) };
}

/** What the language says that agents do; ours try all of it on Linux, and fail what is not built. */
function handlersOn(platformType: PlatformType): ReadonlySet<string> {
  return new Set([...KNOWN_ACTIONS].filter((action) => runsOn(action, platformType)));
}

/** What is named as a secret, by the document or by its values. */
const secretsOf = ({ content }: Document, values: JsonObject): ReadonlySet<string> =>
  new Set(secureNames([content, values]));

function asWritten(unresolved: Set<string>, secrets: ReadonlySet<string>): StoreLookup {
  return (reference) => {
    if (secrets.has(reference)) return { type: 'SecureString', value: '' };
    unresolved.add(reference);
    return { type: 'String', value: `{{ssm:${reference}}}` };
  };
}

/** A pattern is for the value behind a reference, which is not known here. */
function withoutPatterns(document: Document, values: JsonObject): Document {
  const parameters = [...document.parameters].map(([name, definition]) => {
    const value = Object.hasOwn(values, name) ? values[name] : definition.default;
    const isReference = value !== undefined && storeReferences(value).length > 0;
    return [name, isReference ? { ...definition, allowedPattern: null } : definition] as const;
  });
  return { ...document, parameters: new Map(parameters) };
}

const cannotRun = (file: string, message: string): Problem => ({
  ...wholeFile(file),
  code: 'cannot-run',
  severity: 'error',
  message: `every run fails before its first step: ${message}`,
  hint: 'Do what the message says.',
});

const notLookedUp = (file: string, reference: string): Problem => ({
  ...wholeFile(file),
  code: 'reference-unresolved',
  severity: 'warning',
  message: `{{ssm:${reference}}} is not looked up and stays as written`,
  hint: 'Name the repository that holds its value: --repo <dir>.',
});

const wholeFile = (file: string) => ({ file, line: 1, column: 1, pointer: '' });
