/**
 * Problems for the programs that show them beside the lines they are about: code scanning (SARIF 2.1.0), test reports (JUnit),
 * workflow commands of GitHub, and the Code Quality report of GitLab. `validate` and `document lint` print the same.
 */
import { posix, relative, sep } from 'node:path';
import { digestOf } from '../core/canonical/digest.ts';
import { PROBLEM_CODES } from '../core/load/problem-codes.ts';
import { unreachable } from '../core/model/errors.ts';
import type { Problem } from '../core/model/problem.ts';
import { visibleLine } from '../core/report/escape.ts';
import type { Context } from './command.ts';
import { printJson } from './print.ts';
import { versionOf } from './version.ts';

export const PROBLEM_FORMATS = ['sarif', 'junit', 'github', 'gitlab'] as const;
export type ProblemFormat = (typeof PROBLEM_FORMATS)[number];

export type ProblemReport = {
  /** Every file that was judged, with or without a problem. */
  readonly files: readonly string[];
  readonly problems: readonly Problem[];
};

/** Null: the format is another one, which the command prints itself. */
export const problemFormatOf = (format: string): ProblemFormat | null =>
  PROBLEM_FORMATS.find((known) => known === format) ?? null;

export async function printProblems(
  context: Pick<Context, 'stdout'>,
  format: ProblemFormat,
  report: ProblemReport,
): Promise<void> {
  switch (format) {
    case 'sarif':
      return printJson(context, sarifOf(report.problems, await versionOf()));
    case 'junit':
      context.stdout.write(junitOf(report));
      return;
    case 'github':
      context.stdout.write(report.problems.map(workflowCommand).join(''));
      return;
    case 'gitlab':
      return printJson(context, report.problems.map(codeQuality));
    default:
      return unreachable(format);
  }
}

/** Paths as seen from where the command runs: that is what such a program compares with its own. */
export function seenFrom(
  here: string,
  dir: string,
  { files, problems }: ProblemReport,
): ProblemReport {
  const base = relative(here, dir).split(sep).join('/');
  const placed = (file: string): string => posix.join(base, file);
  return {
    files: files.map(placed),
    problems: problems.map((problem) => ({ ...problem, file: placed(problem.file) })),
  };
}

const sentence = ({ message, hint }: Problem): string =>
  hint === '' ? message : `${message}\n${hint}`;

/** The same for the same mistake when lines above it move. */
const fingerprint = ({ code, file, pointer, message }: Problem): string =>
  digestOf({ code, file, pointer, message });

// --- SARIF 2.1.0 ------------------------------------------------------------------------------------------------

function sarifOf(problems: readonly Problem[], version: string) {
  const codes = [...new Set(problems.map(({ code }) => code))].sort();
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'reconciled', version, rules: codes.map(sarifRule) } },
        columnKind: 'utf16CodeUnits',
        results: problems.map((problem) => ({
          ruleId: problem.code,
          ruleIndex: codes.indexOf(problem.code),
          level: problem.severity,
          message: { text: sentence(problem) },
          locations: [
            {
              physicalLocation: {
                artifactLocation: {
                  uri: problem.file.split('/').map(encodeURIComponent).join('/'),
                },
                region: { startLine: problem.line, startColumn: problem.column },
              },
            },
          ],
          partialFingerprints: { 'reconciled/v1': fingerprint(problem) },
        })),
      },
    ],
  };
}

function sarifRule(code: string) {
  const known = PROBLEM_CODES[code];
  if (known === undefined) return { id: code };
  return { id: code, shortDescription: { text: known.meaning }, help: { text: known.remedy } };
}

// --- JUnit ------------------------------------------------------------------------------------------------------

/** A file is a test; an error is its failure, a warning a word of it. */
function junitOf({ files, problems }: ProblemReport): string {
  const all = [...new Set([...files, ...problems.map(({ file }) => file)])];
  const cases = all.map((file) => {
    const own = problems.filter((problem) => problem.file === file);
    const errors = own.filter(({ severity }) => severity === 'error');
    const warnings = own.filter(({ severity }) => severity === 'warning');
    const [first] = errors;
    return {
      failed: first !== undefined,
      text: element('testcase', { classname: 'reconciled', name: file, file }, [
        ...(first === undefined
          ? []
          : [element('failure', { type: first.code, message: first.message }, [textOf(errors)])]),
        ...(warnings.length === 0 ? [] : [element('system-out', {}, [textOf(warnings)])]),
      ]),
    };
  });
  const failures = cases.filter(({ failed }) => failed).length;
  const counts = { name: 'reconciled', tests: String(all.length), failures: String(failures) };
  const suite = element(
    'testsuite',
    counts,
    cases.map(({ text }) => text),
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element('testsuites', counts, [suite])}\n`;
}

const textOf = (problems: readonly Problem[]): string =>
  problems
    .map((problem) => {
      const { file, line, column, severity, code } = problem;
      return xmlText(`${file}:${line}:${column}: ${severity} ${code}: ${sentence(problem)}\n`);
    })
    .join('');

function element(
  name: string,
  attributes: { readonly [name: string]: string },
  children: readonly string[],
): string {
  const given = Object.entries(attributes).map(([key, value]) => ` ${key}="${xmlText(value)}"`);
  return `<${name}${given.join('')}>${children.join('')}</${name}>`;
}

/** What XML 1.0 cannot hold is shown as an escape. */
const xmlText = (text: string): string =>
  text
    .split('\n')
    .map(visibleLine)
    .join('\n')
    .replace(/[\ufffe\uffff]/g, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\n', '&#10;');

// --- GitHub and GitLab ------------------------------------------------------------------------------------------

/** Nothing that a file says begins a command of its own: line breaks are escaped, as are the marks between properties. */
function workflowCommand(problem: Problem): string {
  const { severity, file, line, column, code } = problem;
  const properties = Object.entries({ file, line, col: column, title: code })
    .map(
      ([key, value]) =>
        `${key}=${commandText(String(value)).replaceAll(':', '%3A').replaceAll(',', '%2C')}`,
    )
    .join(',');
  return `::${severity} ${properties}::${commandText(sentence(problem))}\n`;
}

const commandText = (text: string): string =>
  text.replaceAll('%', '%25').split('\n').map(visibleLine).join('%0A');

const codeQuality = (problem: Problem) => ({
  description: sentence(problem),
  check_name: problem.code,
  fingerprint: fingerprint(problem),
  severity: problem.severity === 'error' ? 'major' : 'minor',
  location: { path: problem.file, lines: { begin: problem.line } },
});
