/** One association for people, from the shape of its `status.json` (`DescribeAssociation` and what is ours). */
import type { Json, JsonObject } from '../../core/model/json.ts';
import { isJsonObject } from '../../core/model/json.ts';
import { visibleLine } from '../../core/report/escape.ts';
import type { Painter } from '../../core/report/text.ts';
import { shortId } from '../../core/report/words.ts';
import { countsOf, field, objectsOf } from '../answers.ts';

const LABEL_WIDTH = 14;

export function showText(of: JsonObject, paint: Painter): string {
  const overview = objectIn(of, 'Overview');
  const status = field(overview, 'Status');
  const tone = status === 'Failed' ? paint.bad : status === 'Success' ? paint.good : paint.warn;
  const invalid = field(of, 'Validity') === 'Invalid';
  const lines: readonly (readonly [label: string, text: string])[] = [
    [
      'file',
      `${field(of, 'File')}${invalid ? ' is invalid: its last good version is in force' : ''}`,
    ],
    ['version', `${field(of, 'AssociationVersion')}, of ${shortId(field(of, 'Revision'))}`],
    ['document', [field(of, 'Name'), field(of, 'DocumentVersion')].filter(isThere).join(' ')],
    [
      'targets',
      objectsOf(of['Targets'] ?? [])
        .map(targetWords)
        .join(' and '),
    ],
    ['nodes', countsOf(overview, 'AssociationStatusAggregatedCount')],
    ['waiting', countsOf(of, 'Pending')],
    ['compliance', complianceWords(of)],
    ['schedule', scheduleWords(of)],
    [
      'rate control',
      `${field(of, 'MaxConcurrency')} at once, ${field(of, 'MaxErrors')} errors tolerated`,
    ],
    ...further(of),
    ['no effect', listIn(of, 'NotEffective')],
  ];
  const shown = lines.filter(([, text]) => isThere(text));
  const head = `${paint.bold(visibleLine(field(of, 'AssociationName')))}  ${tone(visibleLine(status))}`;
  return `${[head, ...shown.map(([label, text]) => `  ${label.padEnd(LABEL_WIDTH)}${visibleLine(text)}`)].join('\n')}\n`;
}

/** Keys that few associations have, as they are written. */
function further(of: JsonObject): readonly (readonly [string, string])[] {
  const { OutputLocation, AlarmConfiguration, Suspend, Rollout } = of;
  return [
    ['calendars', calendarWords(of)],
    ['alarm', valueText(AlarmConfiguration)],
    ['depends on', listIn(of, 'DependsOn')],
    ['suspend', valueText(Suspend)],
    ['rollout', valueText(Rollout)],
    ['Duration', field(of, 'Duration') === '-' ? '' : `${field(of, 'Duration')} h`],
    ['time-out', field(of, 'TimeoutSeconds') === '-' ? '' : `${field(of, 'TimeoutSeconds')} s`],
    ['interrupted', field(of, 'OnInterrupted')],
    ['output', valueText(OutputLocation)],
    [
      'tags',
      objectsOf(of['Tags'] ?? [])
        .map((tag) => `${field(tag, 'Key')}=${field(tag, 'Value')}`)
        .join(' '),
    ],
  ];
}

function calendarWords(of: JsonObject): string {
  const names = listIn(of, 'CalendarNames');
  const { State: state, NextTransitionTime: until } = objectIn(of, 'CalendarState');
  if (names === '' || typeof state !== 'string') return names;
  return `${names}: ${state}${typeof until === 'string' ? ` until ${until}` : ''}`;
}

function scheduleWords(of: JsonObject): string {
  const schedule = field(of, 'ScheduleExpression');
  if (!isThere(schedule)) return 'none: once, and at every change';
  const offset = field(of, 'ScheduleOffset');
  return [
    schedule,
    ...(isThere(field(of, 'Timezone')) ? [`in ${field(of, 'Timezone')}`] : []),
    ...(isThere(offset) ? [`+ ${offset} days`] : []),
    ...(of['ApplyOnlyAtCronInterval'] === true ? ['and at no other time'] : []),
  ].join(' ');
}

function complianceWords(of: JsonObject): string {
  const compliance = objectIn(of, 'Compliance');
  const [good, bad] = [field(compliance, 'CompliantCount'), field(compliance, 'NonCompliantCount')];
  return `${good} compliant, ${bad} not; ${field(of, 'SyncCompliance')}, severity ${field(of, 'ComplianceSeverity')}`;
}

function targetWords(target: JsonObject): string {
  const values = target['Values'];
  const words = Array.isArray(values) ? values.map(String).join('|') : '';
  return words === '' ? field(target, 'Key') : `${field(target, 'Key')}=${words}`;
}

const isThere = (text: string): boolean => text !== '' && text !== '-';

function listIn(of: JsonObject, key: string): string {
  const list = of[key];
  return Array.isArray(list) ? list.map(String).join(', ') : '';
}

const valueText = (value: Json | undefined): string =>
  value === undefined ? '' : JSON.stringify(value);

function objectIn(of: JsonObject, key: string): JsonObject {
  const value = of[key] ?? null;
  return isJsonObject(value) ? value : {};
}
