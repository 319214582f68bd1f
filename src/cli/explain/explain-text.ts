/** An explanation for people: the node, then each association with what decided, what it waits for and what comes next. */
import type { Json, JsonObject } from '../../core/model/json.ts';
import { isJsonObject } from '../../core/model/json.ts';
import { pendingReasons } from '../../core/model/standing.ts';
import { visibleLine } from '../../core/report/escape.ts';
import type { Painter } from '../../core/report/text.ts';
import { shortId, waitingWords } from '../../core/report/words.ts';
import { field, objectsOf } from '../answers.ts';

/** `answer` has the shape of `schemas/explanation.schema.json`, told by the daemon or made here. */
export function explainText(answer: JsonObject, paint: Painter): string {
  const all = objectsOf(answer['associations'] ?? []);
  const targeted = all.filter((each) => each['targeted'] === true);
  const others = all.filter((each) => each['targeted'] !== true);
  const blocks = [
    nodeLines(answer, paint),
    ...targeted.map((each) => targetedLines(each, paint)),
    ...others.map((each) => otherLines(each, paint)),
  ];
  return `${blocks.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function nodeLines(answer: JsonObject, paint: Painter): readonly string[] {
  const node = objectIn(answer, 'node');
  const source = objectIn(answer, 'source');
  const tags = Object.entries(objectIn(node, 'tags')).map(([key, value]) => `${key}=${value}`);
  const held = objectIn(source, 'held');
  const paused = objectIn(source, 'paused');
  return [
    `${paint.bold(say(node, 'name'))}  ${say(node, 'id')}  ${contactOf(node)}`,
    line('tags', `${visibleLine(tags.join(' ')) || 'none'}${originOf(node)}`),
    ...(node['clock'] === null || node['clock'] === undefined
      ? []
      : [line('clock', paint.warn(`${say(node, 'clock')}: it takes no job`))]),
    line('in force', revisionIn(source, 'revision')),
    ...(has(held)
      ? [line('held', paint.warn(`${say(held, 'code')}: ${say(held, 'reason')}`))]
      : []),
    ...(has(paused)
      ? [line('paused', paint.warn(`by ${say(paused, 'by')} since ${say(paused, 'at')}`))]
      : []),
  ];
}

/** Nobody sees from a status branch whether a node is connected now. */
function contactOf(node: JsonObject): string {
  if (node['connected'] === true) return 'connected';
  if (node['connected'] !== false) return 'as last published';
  return node['lastSeen'] === null ? 'never seen' : `offline, last seen ${say(node, 'lastSeen')}`;
}

function originOf(node: JsonObject): string {
  if (node['file'] !== null) return ` (${say(node, 'file')})`;
  return node['activation'] === null ? '' : ` (activation ${say(node, 'activation')})`;
}

function targetedLines(each: JsonObject, paint: Painter): readonly string[] {
  const status = objectIn(each, 'status');
  const run = objectIn(each, 'run');
  const last = objectIn(each, 'last');
  const next = objectIn(each, 'next');
  return [
    `${paint.bold(say(each, 'association'))}  ${statusOf(status, paint)}`,
    line(
      'targeted',
      objectsOf(each['targets'] ?? [])
        .map(grounds)
        .join(' and '),
    ),
    ...validityLines(each, paint),
    ...calendarLines(each),
    ...waitingLines(each, run, paint),
    ...(has(last) ? lastLines(last) : [line('last run', 'never')]),
    line('next slot', has(next) ? nextOf(next) : noNextOf(each)),
    ...generationLines(objectIn(each, 'generation')),
  ];
}

function statusOf(status: JsonObject, paint: Painter): string {
  if (!has(status)) return paint.warn('not in force yet');
  const [word, detail] = [say(status, 'status'), say(status, 'detailedStatus')];
  const tone = word === 'Failed' ? paint.bad : word === 'Success' ? paint.good : paint.warn;
  const compliance = status['compliance'] === null ? '' : `  ${say(status, 'compliance')}`;
  return `${tone(word === detail ? word : `${word} (${detail})`)}${compliance}`;
}

function validityLines(each: JsonObject, paint: Painter): readonly string[] {
  if (each['validity'] !== 'Invalid') return [];
  const why = `${say(each, 'invalid')}: the last good version is in force; reconciled validate says what to mend`;
  return [line('file', paint.bad(why))];
}

function calendarLines(each: JsonObject): readonly string[] {
  const calendar = objectIn(each, 'calendar');
  if (!has(calendar)) return [];
  const until =
    calendar['nextTransition'] === null ? '' : ` until ${say(calendar, 'nextTransition')}`;
  return [line('calendars', `${say(calendar, 'state')}${until}`)];
}

function waitingLines(each: JsonObject, run: JsonObject, paint: Painter): readonly string[] {
  const waiting = objectIn(each, 'waiting');
  const lines: string[] = [];
  if (has(run)) {
    const phase = run['phase'] === 'Pending' ? 'owed' : say(run, 'phase');
    lines.push(line('run', `${phase}: ${say(run, 'reason')} (${say(run, 'occasion')})`));
  }
  if (has(waiting)) {
    const reason = pendingReasons.find((known) => known === waiting['reason']);
    const words = reason === undefined ? say(waiting, 'reason') : waitingWords[reason];
    const detail = waiting['detail'] === null ? '' : `, ${say(waiting, 'detail')}`;
    const until = waiting['until'] === null ? '' : `, until ${say(waiting, 'until')}`;
    lines.push(line('waits', paint.warn(`${words}${detail}${until}`)));
  }
  return lines;
}

function lastLines(last: JsonObject): readonly string[] {
  const [status, detail] = [say(last, 'status'), say(last, 'detailedStatus')];
  const words = status === detail ? status : `${status} (${detail})`;
  return [
    line('last run', `${words} at ${say(last, 'finishedAt')}`),
    line(
      'because',
      `${say(last, 'reason')} (${say(last, 'occasion')}), of ${revisionIn(last, 'revision')}`,
    ),
    ...(last['summary'] === ''
      ? []
      : [
          line(
            'it said',
            visibleLine(
              field(last, 'summary')
                .trim()
                .replace(/\s*\n\s*/g, '; '),
            ),
          ),
        ]),
  ];
}

const nextOf = (next: JsonObject): string =>
  next['reason'] === 'due' ? say(next, 'at') : `${say(next, 'at')} (${say(next, 'reason')})`;

const noNextOf = (each: JsonObject): string =>
  each['schedule'] === null ? 'none: it has no schedule' : `none: ${say(each, 'schedule')}`;

function generationLines(generation: JsonObject): readonly string[] {
  if (!has(generation)) return [];
  const inForce = `${say(generation, 'inForce').slice(0, 12)} since ${revisionIn(generation, 'since')}`;
  const applied =
    generation['isApplied'] === true
      ? 'the node ran it'
      : generation['applied'] === null
        ? 'the node has run none yet'
        : `the node ran ${say(generation, 'applied').slice(0, 12)} last`;
  return [line('generation', `${inForce}, ${applied}`)];
}

/** What did not match comes first: that is what was asked. */
function otherLines(each: JsonObject, paint: Painter): readonly string[] {
  const targets = objectsOf(each['targets'] ?? []);
  const failing = targets.filter((target) => target['matched'] !== true);
  const matching = targets.filter((target) => target['matched'] === true);
  return [
    `${paint.bold(say(each, 'association'))}  ${paint.dim('not targeted')}`,
    ...failing.flatMap((target) => [
      line('no', grounds(target)),
      ...objectsOf(target['query'] ?? [])
        .filter((entry) => entry['matched'] !== true)
        .map((entry) => line('', grounds(entry))),
    ]),
    ...matching.map((target) => line('yes', grounds(target))),
    ...validityLines(each, paint),
  ];
}

/** Of a group that matches its query, too: that is where the tags are. */
function grounds(target: JsonObject): string {
  const words = `${say(target, 'target')} (${say(target, 'because')})`;
  const query = objectsOf(target['query'] ?? []);
  if (target['matched'] !== true || query.length === 0) return words;
  return `${words}: ${query.map(grounds).join(' and ')}`;
}

const LABEL_WIDTH = 12;
const line = (label: string, text: string): string => `  ${label.padEnd(LABEL_WIDTH)}${text}`;

const say = (object: JsonObject, key: string): string => visibleLine(field(object, key));

function revisionIn(object: JsonObject, key: string): string {
  const value = object[key];
  return typeof value === 'string' ? visibleLine(shortId(value)) : 'no revision';
}

const nothing: JsonObject = {};

function objectIn(object: JsonObject, key: string): JsonObject {
  const value: Json = object[key] ?? null;
  return isJsonObject(value) ? value : nothing;
}

const has = (object: JsonObject): boolean => object !== nothing;
