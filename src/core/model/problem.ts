/** A mistake in a file: where, what, and the nearest right thing. Shape of `validate --format json` (contract §8). */
export type Problem = {
  /** Stable, kebab-case, listed in docs/problems.md, e.g. `unknown-document`. */
  readonly code: string;
  readonly severity: 'error' | 'warning';
  /** Path from the repository's root, `/`-separated. */
  readonly file: string;
  /** 1-based; 1 when the place is the whole file. */
  readonly line: number;
  /** 1-based. */
  readonly column: number;
  /** JSON pointer into the YAML document, '' for its root. */
  readonly pointer: string;
  readonly message: string;
  /** What to do, as an imperative sentence. A rule that knows nothing nearer leaves '', and `core/load/remedy.ts` fills it in. */
  readonly hint: string;
};

/** Order of every listing: file, line, column, code, message. */
export function compareProblems(a: Problem, b: Problem): number {
  return (
    compareText(a.file, b.file) ||
    a.line - b.line ||
    a.column - b.column ||
    compareText(a.code, b.code) ||
    compareText(a.message, b.message)
  );
}

/** Code-point order, the same on every machine and in every locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
