/** Where problems and needs of one association are collected while it is read. */
import { nearest } from '../document/nearest.ts';
import type { Association, Parameter } from '../model/association.ts';
import type { BlobId } from '../model/brand.ts';
import type { Calendar } from '../model/calendar.ts';
import type { DocumentFamily, RepositorySettings } from '../model/catalog.ts';
import type { Problem } from '../model/problem.ts';
import type { Group } from '../selector/target.ts';
import { shown } from './misfits.ts';
import type { AssociationDraft } from './parsed.ts';
import type { Place } from './spots.ts';
import { keyPlaceOf, placeOf } from './spots.ts';

/** What an association may refer to, in one revision. */
export type Surroundings = {
  readonly settings: RepositorySettings;
  readonly documents: ReadonlyMap<string, DocumentFamily>;
  readonly groups: ReadonlyMap<string, Group>;
  readonly parameters: ReadonlyMap<string, Parameter>;
  readonly calendars: ReadonlyMap<string, Calendar>;
  /** Names that readable files define. */
  readonly associations: ReadonlySet<string>;
  /** True when a name may stand in a file that cannot be read: then its absence is that file's problem. */
  readonly isHidden: (need: Need) => boolean;
};

/** Something of another file that an association cannot do without. */
export type Need = {
  readonly kind: 'association' | 'document' | 'group' | 'parameter' | 'calendar' | 'settings';
  readonly name: string;
};

export type Reading = {
  /** Null when something is wrong, here or with what it needs. */
  readonly association: Association | null;
  readonly problems: readonly Problem[];
  readonly needs: readonly Need[];
  /** Of the needs, those that something is wrong with. */
  readonly blames: readonly Need[];
};

export type Origin = { readonly path: string; readonly blob: BlobId };

export type Desk = {
  readonly problems: readonly Problem[];
  readonly needs: readonly Need[];
  readonly blames: readonly Need[];
  readonly error: (code: string, pointer: string, message: string, hint: string) => void;
  /** At the key itself. */
  readonly errorAtKey: (code: string, pointer: string, message: string, hint: string) => void;
  readonly warnAtKey: (code: string, pointer: string, message: string, hint: string) => void;
  readonly need: (need: Need) => void;
  /** If this went back to its last good content, the association might be right. */
  readonly blame: (need: Need) => void;
  /** Not in force, although the problem is another file's. */
  readonly refuse: () => void;
  readonly refused: () => boolean;
  /** A group that the association needs; a problem at `pointer` when nothing defines it. */
  readonly group: (name: string, pointer: string, around: Surroundings) => void;
};

export function openDesk({ places }: AssociationDraft, { path }: Origin): Desk {
  const problems: Problem[] = [];
  const needs: Need[] = [];
  const blames: Need[] = [];
  let refused = false;
  const keyAt = (pointer: string): Place => keyPlaceOf(places, pointer);
  const add = (
    { code, pointer, message, hint }: Pick<Problem, 'code' | 'pointer' | 'message' | 'hint'>,
    [line, column]: Place,
    severity: Problem['severity'],
  ): void => {
    refused ||= severity === 'error';
    problems.push({ code, severity, file: path, line, column, pointer, message, hint });
  };
  const desk: Desk = {
    problems,
    needs,
    blames,
    error: (code, pointer, message, hint) => {
      add({ code, pointer, message, hint }, placeOf(places, pointer), 'error');
    },
    errorAtKey: (code, pointer, message, hint) => {
      add({ code, pointer, message, hint }, keyAt(pointer), 'error');
    },
    warnAtKey: (code, pointer, message, hint) => {
      add({ code, pointer, message, hint }, keyAt(pointer), 'warning');
    },
    need: (need) => {
      needs.push(need);
    },
    blame: (need) => {
      blames.push(need);
    },
    refuse: () => {
      refused = true;
    },
    refused: () => refused,
    group: (name, pointer, around) => {
      needGroup(name, pointer, desk, around);
    },
  };
  return desk;
}

function needGroup(name: string, pointer: string, desk: Desk, around: Surroundings): void {
  const need: Need = { kind: 'group', name };
  desk.need(need);
  if (around.groups.has(name)) return;
  desk.blame(need);
  if (around.isHidden(need)) {
    desk.refuse();
    return;
  }
  const near = nearest(name, around.groups.keys());
  desk.error(
    'unknown-group',
    pointer,
    `group ${shown(name)} is not in groups/`,
    near === null ? 'Add it, or name one that is there.' : `Did you mean "${near}"?`,
  );
}
