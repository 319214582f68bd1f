/** The rules that no file can break alone: what refers to what, and names given twice. */
import type { Association, Group, Parameter } from '../model/association.ts';
import type { AssociationName, NodeId } from '../model/brand.ts';
import { associationName } from '../model/brand.ts';
import type { Calendar } from '../model/calendar.ts';
import type { DocumentFamily, RepositorySettings } from '../model/catalog.ts';
import type { CatalogDocument } from '../model/document.ts';
import { present } from '../model/errors.ts';
import type { Activation, NodeFile } from '../model/node.ts';
import type { Problem } from '../model/problem.ts';
import { readAssociation } from './association.ts';
import { dependencyCircles } from './dependencies.ts';
import type { Need, Surroundings } from './desk.ts';
import { gatherFamilies } from './families.ts';
import { shown } from './misfits.ts';
import type { ParsedFile, Remains } from './parsed.ts';
import { groundOf, readingsOn } from './readings.ts';
import type { Place } from './spots.ts';
import { placeOf } from './spots.ts';

/** A set of contents, one per path, put together and judged. */
export type Whole = {
  readonly associations: ReadonlyMap<AssociationName, Association>;
  readonly documents: ReadonlyMap<string, DocumentFamily>;
  readonly nodes: ReadonlyMap<NodeId, NodeFile>;
  readonly activations: ReadonlyMap<string, Activation>;
  readonly groups: ReadonlyMap<string, Group>;
  readonly parameters: ReadonlyMap<string, Parameter>;
  readonly calendars: ReadonlyMap<string, Calendar>;
  readonly settings: RepositorySettings;
  readonly problems: readonly Problem[];
  /** Paths whose content cannot be in force beside the others, with what of the others may be to blame. */
  readonly failing: ReadonlyMap<string, readonly Need[]>;
  /** What each association needs, failing or not. */
  readonly needs: ReadonlyMap<string, readonly Need[]>;
  /** What associations and their definitions stand on; null: not known as a whole. */
  readonly ground: string | null;
};

export type Judge = {
  /** Files with errors: what remains of them is judged, and never in force. */
  readonly broken: readonly ParsedFile[];
  readonly library: ReadonlyMap<string, CatalogDocument>;
  readonly defaultSettings: RepositorySettings;
  /** True when a file that cannot be read may define it. */
  readonly isHidden: Surroundings['isHidden'];
  /** `isHidden` is false of everything. */
  readonly hidesNothing: boolean;
};

/** `files` are sorted by path and readable. Every problem is found, whatever else is wrong. */
export function judge(
  files: readonly ParsedFile[],
  { library, defaultSettings, isHidden, hidesNothing, broken }: Judge,
): Whole {
  const problems: Problem[] = [];
  const failing = new Map<string, readonly Need[]>();
  const fail = (path: string, needs: readonly Need[] = []): void => {
    failing.set(path, [...(failing.get(path) ?? []), ...needs]);
  };
  const report = (problem: Problem): void => {
    problems.push(problem);
    fail(problem.file);
  };
  const named = gatherNamed(files, report);
  const { families, problems: familyProblems } = gatherFamilies(files, library);
  for (const problem of familyProblems) report(problem);
  const settings =
    files.flatMap(({ content }) => (content?.kind === 'settings' ? [content.settings] : []))[0] ??
    defaultSettings;
  const calendars = gatherCalendars(files, settings);
  const around: Surroundings = {
    settings,
    documents: families,
    groups: named.groups,
    parameters: named.parameters,
    calendars,
    associations: new Set(files.flatMap(namesDefined)),
    isHidden,
  };
  const associations = new Map<AssociationName, Association>();
  const needs = new Map<string, readonly Need[]>();
  const definitions: Definition[] = [];
  const ground = groundOf(files, library, hidesNothing);
  for (const file of files) {
    if (file.content?.kind !== 'associations') continue;
    const { drafts } = file.content;
    const readings = readingsOn(ground, file, () =>
      drafts.map((draft) => readAssociation(draft, file, around)),
    );
    for (const [at, draft] of drafts.entries()) {
      const reading = present(readings[at], 'every association of a file has its reading');
      definitions.push({
        name: draft.definition.AssociationName,
        path: file.path,
        place: placeOf(draft.places, '/AssociationName'),
      });
      needs.set(draft.definition.AssociationName, reading.needs);
      problems.push(...reading.problems);
      if (reading.association === null) fail(file.path, reading.blames);
      else if (!associations.has(reading.association.name))
        associations.set(reading.association.name, reading.association);
    }
  }
  for (const file of broken) {
    for (const remains of file.remains) problems.push(...problemsOfRemains(remains, file, around));
  }
  refuseRepeats(
    definitions,
    { code: 'duplicate-association', what: 'association', pointer: '/AssociationName' },
    report,
  );
  refuseCaseTwins(definitions, report);
  for (const circle of circlesOf(files)) {
    report(circle.problem);
    fail(circle.problem.file, circle.blames);
    associations.delete(circle.name);
  }
  return {
    ...named,
    associations,
    documents: families,
    calendars,
    settings,
    problems,
    failing,
    needs,
    ground,
  };
}

/** The clock of times without a zone is the calendar's own, else that of the repository. */
function gatherCalendars(
  files: readonly ParsedFile[],
  { defaults }: RepositorySettings,
): ReadonlyMap<string, Calendar> {
  const calendars = new Map<string, Calendar>();
  for (const { path, content } of files) {
    if (content?.kind !== 'calendar') continue;
    const { name, calendar } = content;
    const floatingZone = calendar.floatingZone ?? defaults.timezone;
    calendars.set(name, { ...calendar, name, file: path, unreadable: null, floatingZone });
  }
  return calendars;
}

const namesDefined = ({ content }: ParsedFile): readonly string[] =>
  content?.kind === 'associations'
    ? content.drafts.map(({ definition }) => definition.AssociationName)
    : [];

type Circle = {
  readonly name: AssociationName;
  readonly problem: Problem;
  /** If one of these went back to its last good content, there might be no circle. */
  readonly blames: readonly Need[];
};

/** Every association that waits for itself, by way of others or not. */
function circlesOf(files: readonly ParsedFile[]): readonly Circle[] {
  const drafts = files.flatMap(({ path, content }) =>
    content?.kind === 'associations' ? content.drafts.map((draft) => ({ path, draft })) : [],
  );
  const circles = dependencyCircles(
    drafts.flatMap(({ draft: { definition } }) => {
      const dependsOn = definition.Reconciled?.DependsOn ?? [];
      return dependsOn.length === 0 ? [] : [{ name: definition.AssociationName, dependsOn }];
    }),
  );
  return drafts.flatMap(({ path, draft }) => {
    const name = draft.definition.AssociationName;
    const circle = circles.get(name);
    if (circle === undefined) return [];
    const pointer = '/Reconciled/DependsOn';
    const [line, column] = placeOf(draft.places, pointer);
    const problem: Problem = {
      code: 'dependency-circle',
      severity: 'error',
      file: path,
      line,
      column,
      pointer,
      message: `${shown(name)} waits for itself: ${circle.join(' → ')}`,
      hint: 'Remove one of these dependencies.',
    };
    const blames = circle
      .filter((other) => other !== name)
      .map((other): Need => ({ kind: 'association', name: other }));
    return [{ name: associationName(name), problem, blames }];
  });
}

/** Keys whose problems follow from others: without the one, nothing can be said of these. */
const FOLLOWS: { readonly [pointer: string]: readonly string[] } = {
  '/Parameters': ['parameter-missing'],
  '/Targets': ['target-missing'],
  '/TargetMaps': ['target-missing'],
  '/InstanceId': ['target-missing'],
  '/ScheduleExpression': [
    'schedule-flag-without-schedule',
    'schedule-offset-other',
    'not-effective',
  ],
  '/ApplyOnlyAtCronInterval': [
    'schedule-at-without-flag',
    'schedule-offset-without-flag',
    'duration-without-flag',
    'not-effective',
  ],
  '/DocumentVersion': ['parameter-missing', 'parameter-undeclared'],
};

function problemsOfRemains(
  { draft, left }: Remains,
  file: ParsedFile,
  around: Surroundings,
): readonly Problem[] {
  const silenced = new Set(left.flatMap((key) => FOLLOWS[key] ?? []));
  return readAssociation(draft, file, around).problems.filter(
    ({ code, pointer }) =>
      !silenced.has(code) &&
      // Which keys exclude each other depends on none of their values.
      (code === 'exclusive-keys' ||
        !left.some((gone) => pointer === gone || pointer.startsWith(`${gone}/`))),
  );
}

type Definition = { readonly name: string; readonly path: string; readonly place: Place };

type Report = (problem: Problem) => void;

function gatherNamed(
  files: readonly ParsedFile[],
  report: Report,
): Pick<Whole, 'nodes' | 'activations' | 'groups' | 'parameters'> {
  const nodes = new Map<NodeId, NodeFile>();
  const activations = new Map<string, Activation>();
  const groups = new Map<string, Group>();
  const parameters = new Map<string, Parameter>();
  const seen = {
    nodes: [] as Definition[],
    activations: [] as Definition[],
    groups: [] as Definition[],
    parameters: [] as Definition[],
  };
  for (const { path, content } of files) {
    switch (content?.kind) {
      case 'nodes':
        for (const { value, place } of content.entries) {
          seen.nodes.push({ name: value.node, path, place });
          if (!nodes.has(value.node)) nodes.set(value.node, value);
        }
        break;
      case 'activations':
        for (const { value, place } of content.entries) {
          seen.activations.push({ name: value.id, path, place });
          if (!activations.has(value.id)) activations.set(value.id, value);
        }
        break;
      case 'groups':
        for (const { value, place } of content.entries) {
          seen.groups.push({ name: value.name, path, place });
          if (!groups.has(value.name)) groups.set(value.name, { ...value, file: path });
        }
        break;
      case 'parameters':
        for (const { value, place } of content.entries) {
          seen.parameters.push({ name: value.name, path, place });
          if (!parameters.has(value.name)) parameters.set(value.name, value);
        }
        break;
      case undefined:
      default:
        break;
    }
  }
  refuseRepeats(seen.nodes, { code: 'duplicate-node', what: 'node', pointer: '' }, report);
  refuseRepeats(
    seen.activations,
    { code: 'duplicate-activation', what: 'activation', pointer: '' },
    report,
  );
  refuseRepeats(seen.groups, { code: 'duplicate-group', what: 'group', pointer: '' }, report);
  refuseRepeats(
    seen.parameters,
    { code: 'duplicate-parameter', what: 'parameter', pointer: '' },
    report,
  );
  return { nodes, activations, groups, parameters };
}

type Words = { readonly code: string; readonly what: string; readonly pointer: string };

/** All places of a repeated name are errors, and each names the next. */
function refuseRepeats(
  definitions: readonly Definition[],
  { code, what, pointer }: Words,
  report: Report,
): void {
  for (const places of grouped(definitions, ({ name }) => name).values()) {
    if (places.length < 2) continue;
    for (const [i, { name, path, place }] of places.entries()) {
      const other = places[(i + 1) % places.length];
      if (other === undefined) continue;
      report({
        code,
        severity: 'error',
        file: path,
        line: place[0],
        column: place[1],
        pointer,
        message: `${what} ${shown(name)} is also defined at ${other.path}:${other.place[0]}`,
        hint: 'Keep one of the two.',
      });
    }
  }
}

function refuseCaseTwins(definitions: readonly Definition[], report: Report): void {
  for (const twins of grouped(definitions, ({ name }) => name.toLowerCase()).values()) {
    const names = [...new Set(twins.map(({ name }) => name))];
    if (names.length < 2) continue;
    for (const { path, place } of twins) {
      report({
        code: 'name-case',
        severity: 'error',
        file: path,
        line: place[0],
        column: place[1],
        pointer: '/AssociationName',
        message: `the names ${names.map(shown).join(' and ')} differ only by case`,
        hint: 'Choose names that differ on every file system.',
      });
    }
  }
}

function grouped(
  definitions: readonly Definition[],
  keyOf: (definition: Definition) => string,
): ReadonlyMap<string, readonly Definition[]> {
  const groups = new Map<string, Definition[]>();
  for (const definition of definitions) {
    const key = keyOf(definition);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [definition]);
    else group.push(definition);
  }
  return groups;
}
