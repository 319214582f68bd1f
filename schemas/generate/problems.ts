import { PROBLEM_CODES } from '../../src/core/load/problem-codes.ts';

/** docs/problems.md: every code that `validate` can print. */
export function problemsSource(): string {
  const rows = Object.entries(PROBLEM_CODES)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, { meaning, remedy }]) => `| \`${code}\` | ${cell(meaning)} | ${cell(remedy)} |`);
  return `# Problems

A problem is a mistake in a file. \`reconciled validate\` prints every one at once, each with a code that stays the same from
version to version. A file with an error keeps its last good version in force; a warning changes nothing.

| code | what it means | what to do |
| --- | --- | --- |
${rows.join('\n')}
`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
