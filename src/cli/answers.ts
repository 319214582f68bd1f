/** Fields of the daemon's answers, as text; what is missing is a dash. */
import type { Json, JsonObject } from '../core/model/json.ts';
import { isJsonObject } from '../core/model/json.ts';

/** What a daemon's answer would be: absent keys are gone. */
export const asAnswer = (value: object): Json => JSON.parse(JSON.stringify(value)) as Json;

export const objectsOf = (answer: Json): readonly JsonObject[] =>
  Array.isArray(answer) ? answer.filter(isJsonObject) : [];

/** What an operator has to decide about. */
export function noticesIn(answer: Json): readonly string[] {
  const notices = isJsonObject(answer) ? answer['notices'] : null;
  return Array.isArray(notices) ? notices.filter((each) => typeof each === 'string') : [];
}

export function field(object: JsonObject, key: string): string {
  const value = object[key];
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '-';
}

/** `{"Success":3,"Failed":0}` → `3 Success`. */
export function countsOf(object: JsonObject, key: string): string {
  const counts = object[key];
  if (!isJsonObject(counts)) return '-';
  const parts = Object.entries(counts).filter(([, count]) => count !== 0);
  return parts.map(([name, count]) => `${String(count)} ${name}`).join(', ') || '-';
}

function withoutDone(phases: Json): Json {
  if (!isJsonObject(phases)) return phases;
  const { Done: _, ...others } = phases;
  return others;
}

/** How an execution's runs ended; those that have not, how far they are. */
export function runsOf(execution: JsonObject): string {
  if (field(execution, 'skipped') !== '-') return `none: ${field(execution, 'skipped')}`;
  if (field(execution, 'endedTime') !== '-') return countsOf(execution, 'statuses');
  // What has ended is told by how it ended.
  const phases = countsOf({ phases: withoutDone(execution['phases'] ?? null) }, 'phases');
  const statuses = countsOf(execution, 'statuses');
  return [phases, statuses].filter((words) => words !== '-').join(', ') || '-';
}
