/** What to do about a problem whose rule knows nothing nearer: what the table of codes says. */
import type { Problem } from '../model/problem.ts';
import { PROBLEM_CODES } from './problem-codes.ts';

export function withRemedy(problem: Problem): Problem {
  if (problem.hint !== '') return problem;
  return { ...problem, hint: PROBLEM_CODES[problem.code]?.remedy ?? '' };
}
