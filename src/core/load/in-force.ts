/**
 * Invalid is not absent (contract §3): which content of each file is in force. A path has at most two contents to choose
 * from, what it holds now and its last good one; the choice only ever moves from the first to the second, so it ends.
 */
import { compareText } from '../model/problem.ts';
import type { Judge, Whole } from './check.ts';
import { judge } from './check.ts';
import type { Need } from './desk.ts';
import type { ParsedFile } from './parsed.ts';

export type Candidate = {
  readonly path: string;
  /** Null: the path is gone, or nothing at all could be read there. */
  readonly current: ParsedFile | null;
  /** Null: there never was a good one. */
  readonly good: ParsedFile | null;
};

export type InForce = {
  /** As the files are now, with the last good content only where one cannot be read: what the author is told. */
  readonly asWritten: Whole;
  /** Everything that can be in force together. */
  readonly whole: Whole;
  readonly chosen: ReadonlyMap<string, ParsedFile>;
};

/** `candidates` are sorted by path. */
export function chooseInForce(candidates: readonly Candidate[], judgement: Judge): InForce {
  const chosen = new Map<string, ParsedFile>();
  for (const { path, current, good } of candidates) {
    const content = current === null || current.content !== null ? current : good;
    if (content?.content) chosen.set(path, content);
  }
  const asWritten = judge(inOrder(chosen), judgement);
  let whole = keepMoved(candidates, chosen) ? judge(inOrder(chosen), judgement) : asWritten;
  if (whole.failing.size === 0) return { asWritten, whole, chosen };
  const homes = homesOf(candidates);
  const byPath = new Map(candidates.map((candidate) => [candidate.path, candidate]));
  // Each round moves at least one path to its last good content, or out, so this ends; a few rounds do in any real case.
  for (let round = 0; whole.failing.size > 0; round++) {
    if (round === ROUNDS_MAX) keepEverything(candidates, chosen);
    else if (round > ROUNDS_MAX || !retreat(whole, { chosen, byPath, homes })) break;
    keepMoved(candidates, chosen);
    whole = judge(inOrder(chosen), judgement);
  }
  return { asWritten, whole, chosen };
}

/** A longer chain of files that break each other is no mistake but an attack on our time. */
const ROUNDS_MAX = 20;

/** All that was in force before and nothing else: that could be in force together once. */
function keepEverything(candidates: readonly Candidate[], chosen: Map<string, ParsedFile>): void {
  chosen.clear();
  for (const { path, good } of candidates) if (good !== null) chosen.set(path, good);
}

function inOrder(chosen: ReadonlyMap<string, ParsedFile>): readonly ParsedFile[] {
  return [...chosen.values()].sort((a, b) => compareText(a.path, b.path));
}

type Field = {
  readonly chosen: Map<string, ParsedFile>;
  readonly byPath: ReadonlyMap<string, Candidate>;
  readonly homes: ReadonlyMap<string, readonly string[]>;
};

/**
 * A failing file goes back to its last good content. One that is at it already was broken by another file: then what it
 * needs goes back, also if it was removed. True when anything moved.
 */
function retreat({ failing }: Whole, { chosen, byPath, homes }: Field): boolean {
  let moved = false;
  const goBack = (path: string): boolean => {
    const good = byPath.get(path)?.good ?? null;
    if (good?.content == null || chosen.get(path)?.blob === good.blob) return false;
    chosen.set(path, good);
    return true;
  };
  for (const [path, needs] of failing) {
    if (goBack(path)) moved = true;
    else if (byPath.get(path)?.good?.content == null) moved = chosen.delete(path) || moved;
    else
      for (const need of needs)
        for (const home of homes.get(keyOf(need)) ?? []) moved = goBack(home) || moved;
  }
  return moved;
}

/**
 * A file that was moved and broken in one commit: what its names meant stays in force from where it was, as long as
 * nothing readable defines them. True when a file came back.
 */
function keepMoved(candidates: readonly Candidate[], chosen: Map<string, ParsedFile>): boolean {
  const lost = new Set(
    candidates
      .filter(({ path }) => !chosen.has(path))
      .flatMap(({ current }) => (current === null ? [] : [...current.claims, ...namesIn(current)])),
  );
  if (lost.size === 0) return false;
  let moved = false;
  for (const file of chosen.values()) for (const name of namesIn(file)) lost.delete(name);
  for (const { path, current, good } of candidates) {
    if (current !== null || good === null || chosen.has(path)) continue;
    if (!namesIn(good).some((name) => lost.has(name))) continue;
    chosen.set(path, good);
    moved = true;
  }
  return moved;
}

export function namesIn({ content }: ParsedFile): readonly string[] {
  return content?.kind === 'associations'
    ? content.drafts.map(({ definition }) => definition.AssociationName)
    : [];
}

/** The paths that define, now or when last good, what an association may need. */
function homesOf(candidates: readonly Candidate[]): ReadonlyMap<string, readonly string[]> {
  const homes = new Map<string, string[]>();
  for (const { path, current, good } of candidates) {
    const keys = new Set([current, good].flatMap((file) => (file === null ? [] : definedIn(file))));
    for (const key of keys) {
      const paths = homes.get(key);
      if (paths === undefined) homes.set(key, [path]);
      else paths.push(path);
    }
  }
  return homes;
}

function definedIn({ content }: ParsedFile): readonly string[] {
  switch (content?.kind) {
    case 'associations':
      return content.drafts.map(({ definition }) =>
        keyOf({ kind: 'association', name: definition.AssociationName }),
      );
    case 'document':
    case 'document-metadata':
      return [keyOf({ kind: 'document', name: content.name })];
    case 'groups':
      return content.entries.map(({ value }) => keyOf({ kind: 'group', name: value.name }));
    case 'settings':
      return [keyOf({ kind: 'settings', name: '' })];
    case 'parameters':
      return content.entries.map(({ value }) => keyOf({ kind: 'parameter', name: value.name }));
    case 'calendar':
      return [keyOf({ kind: 'calendar', name: content.name })];
    case undefined:
    default:
      return [];
  }
}

function keyOf({ kind, name }: Need): string {
  return `${kind}:${name}`;
}

/** The paths that `needs` stand on. */
export function homesFor(
  candidates: readonly Candidate[],
): (needs: readonly Need[]) => readonly string[] {
  const homes = homesOf(candidates);
  return (needs) => needs.flatMap((need) => homes.get(keyOf(need)) ?? []);
}
