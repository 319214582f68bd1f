/** A document file as its author should know it: the language's own mistakes and those of the platform. */
import { BUILT_ACTIONS } from '../../core/document/built-actions.ts';
import { parseDocument } from '../../core/document/parse.ts';
import { documentProblemsForPlatformActions } from '../../core/document/platform-actions.ts';
import type { PlatformType } from '../../core/document/prepared.ts';
import { withRemedy } from '../../core/load/remedy.ts';
import type { Document } from '../../core/model/document.ts';
import type { Problem } from '../../core/model/problem.ts';
import { compareProblems } from '../../core/model/problem.ts';
import type { Source } from './read-text.ts';

export type Judged = {
  /** Null when it cannot be read as a document. */
  readonly document: Document | null;
  readonly problems: readonly Problem[];
};

/** The language alone. */
export function parseSource({ file, text }: Source): Judged {
  if (text === null) return { document: null, problems: [notUtf8(file)] };
  const { document, problems } = parseDocument(text, { file });
  return { document, problems: problems.map(withRemedy) };
}

export function judgeSource(source: Source, platformType: PlatformType): Judged {
  const { file } = source;
  const { document, problems } = parseSource(source);
  if (document === null) return { document, problems };
  const ofPlatform = documentProblemsForPlatformActions(document, {
    file,
    builtActions: BUILT_ACTIONS,
    platformType,
  });
  // Right by the language, so no mistake of its author; `validate` refuses it, as nodes here would do nothing.
  const told = ofPlatform.map(
    (problem): Problem =>
      problem.code === 'action-not-built' ? { ...problem, severity: 'warning' } : problem,
  );
  return { document, problems: [...problems, ...told.map(withRemedy)].sort(compareProblems) };
}

export const isValid = (problems: readonly Problem[]): boolean =>
  problems.every(({ severity }) => severity !== 'error');

const notUtf8 = (file: string): Problem => ({
  code: 'not-utf-8',
  severity: 'error',
  file,
  line: 1,
  column: 1,
  pointer: '',
  message: 'the file is no UTF-8 text',
  hint: 'Save it as UTF-8.',
});
