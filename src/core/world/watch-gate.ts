/**
 * Time opens and closes gates: a suspend ends, a calendar opens or closes. One timer for each association looks at the next
 * such instant, also where nothing waits, for the report tells how calendars stand and until when.
 */
import type { AssociationName } from '../model/brand.ts';
import type { Calendar } from '../model/calendar.ts';
import type { Catalog } from '../model/catalog.ts';
import type { Turn } from './turn.ts';
import type { Timer } from './world.ts';

export function watchGate({ world }: Turn, name: AssociationName): void {
  const at = world.nextLookAt(name);
  const set = world.gateTimers.get(name);
  // An earlier one looks again, and goes on from there.
  if (at === null || (set !== undefined && set <= at)) return;
  world.gateTimers.set(name, at);
  world.timers.push({ kind: 'gate', association: name, at });
}

export function onGateTimer(turn: Turn, { association: name, at }: Timer & { kind: 'gate' }): void {
  const { gateTimers } = turn.world;
  if (gateTimers.get(name) !== at) return;
  gateTimers.delete(name);
  lookAtGate(turn, name);
}

/** It may have opened or closed: whoever waits, waits for another reason now, or starts. */
function lookAtGate(turn: Turn, name: AssociationName): void {
  turn.world.lineUpAll(name);
  turn.world.dirty.associations.add(name);
  turn.world.dirty.fleet = true;
  watchGate(turn, name);
}

/** A revision may have brought other calendars than `before`. */
export function onCalendarsMoved(turn: Turn, before: Catalog['calendars']): void {
  const { revision } = turn.world;
  if (revision === null) return;
  const { calendars } = revision.catalog;
  for (const [name, { association }] of revision.definitions) {
    const isMoved = association.calendarNames.some(
      (each) => !isSame(before.get(each), calendars.get(each)),
    );
    if (!isMoved) continue;
    // Whoever waits for a slot is told whether that will open.
    turn.world.touch(name, turn.world.assigned.get(name) ?? []);
    lookAtGate(turn, name);
  }
}

/** The clock was set: what was over may be to come again. */
export function lookAtGates(turn: Turn): void {
  for (const [name, { association }] of turn.world.revision?.definitions ?? []) {
    const { calendarNames, suspend } = association;
    if (suspend !== null || calendarNames.length > 0) lookAtGate(turn, name);
  }
}

/** By identity: what is read again from the same blob is the same. Floating times are of the zone that the settings say. */
const isSame = (a: Calendar | undefined, b: Calendar | undefined): boolean =>
  a?.events === b?.events && a?.floatingZone === b?.floatingZone && a?.unreadable === b?.unreadable;
