/** `README.md`: what a reviewer opens. The verdict, what needs a hand, then everything, worst first. */

import type { AssociationName } from '../model/brand.ts';
import { ASSOCIATION_TYPE, severityRank } from '../model/compliance.ts';
import { compareText } from '../model/problem.ts';
import type { AssociationStanding } from '../model/standing.ts';
import { cell, code, prose } from './escape.ts';
import { associationPagePath, nodePath } from './paths.ts';
import type { AssociationSummary, InvalidFile, NodeSummary, StatusSummary } from './summary.ts';
import { counted, shortId, statusMarks, thousands, verdictMarks } from './words.ts';

export const ASSOCIATION_ROWS_MAX = 200;
const NODE_ROWS_MAX = 50;
const TYPE_ROWS_MAX = 50;
const FILE_ROWS_MAX = 20;

export function fleetPage(summary: StatusSummary): string {
  const blocks = [
    `# ${verdictMarks[summary.verdict]} ${verdictSentence(summary)}`,
    contextLine(summary),
    ...contestedBlocks(summary),
    ...heldBlocks(summary),
    ...unreadBlocks(summary),
    ...pausedBlocks(summary),
    ...invalidBlocks(summary),
    nodesTable(summary),
    ...failingBlocks(summary),
    ...silentBlocks(summary),
    ...complianceBlocks(summary),
    ...associationBlocks(summary.associations),
    ...foreignBlocks(summary),
  ];
  return `${blocks.join('\n\n')}\n`;
}

/** `Every node is compliant`, `3 of 128 nodes are failing`, … */
export function verdictSentence({ verdict, nodes, silentTotal }: StatusSummary): string {
  const share = (count: number): string =>
    `${thousands(count)} of ${counted(nodes.total, 'node')} ${count === 1 ? 'is' : 'are'}`;
  switch (verdict) {
    case 'compliant':
      return nodes.total === 0 ? 'No nodes yet' : 'Every node is compliant';
    case 'pending':
      return nodes.pending === 0 ? 'A target is not there yet' : `${share(nodes.pending)} pending`;
    case 'silent':
      return `${share(silentTotal)} silent`;
    case 'failing':
      return `${share(nodes.failing)} failing`;
  }
}

function contextLine({ instance, revision, associations }: StatusSummary): string {
  const at = revision === null ? 'no revision accepted yet' : `revision ${code(shortId(revision))}`;
  const name = instance === '' ? '' : `${code(instance)}, `;
  return `${name}${at}, ${counted(associations.length, 'association')}`;
}

function contestedBlocks({ contested }: StatusSummary): string[] {
  if (!contested) return [];
  return [
    '> ⚔️ **Two daemons write this branch**, from copies of one state: what stands here is what either believes. Stop one of them; `reconciled status` beside the other says how it goes on alone.',
  ];
}

function heldBlocks({ held }: StatusSummary): string[] {
  if (held === null) return [];
  const tip = held.tip === null ? '' : ` at ${code(shortId(held.tip))}`;
  return [
    `> ✋ **The source is held**${tip} (${code(held.code)}): ${prose(held.reason)}`,
    'What was accepted before stays in force and keeps converging.',
  ];
}

function unreadBlocks({ unread }: StatusSummary): string[] {
  if (unread === null) return [];
  return [
    `> 🔌 **The source has not been read** since ${code(unread.since)} (${code(unread.code)}): newer commits are not known.`,
    'What was accepted before stays in force. `reconciled doctor` beside the daemon says what stands in the way now.',
  ];
}

function pausedBlocks({ paused }: StatusSummary): string[] {
  if (paused === null) return [];
  return [
    `> ⏸️ **Paused** by ${code(paused.by)} since ${code(paused.at)}: nothing starts until \`reconciled resume\`.`,
  ];
}

function invalidBlocks({ invalidFiles, invalidFilesTotal }: StatusSummary): string[] {
  if (invalidFilesTotal === 0) return [];
  return [
    `## ⚠️ ${counted(invalidFilesTotal, 'invalid file')}`,
    invalidFiles.slice(0, FILE_ROWS_MAX).map(invalidItem).join('\n'),
    ...more(invalidFilesTotal, FILE_ROWS_MAX),
  ];
}

function invalidItem({ file, lastGoodInForce, problems }: InvalidFile): string {
  const force = lastGoodInForce ? 'its last good version stays in force' : 'never was in force';
  const lines = problems.map(
    ({ line, column, code: name, message, hint }) =>
      `  - ${line}:${column} ${code(name)} ${prose(message)}${hint === '' ? '' : ` (${prose(hint)})`}`,
  );
  return [`- ${code(file)}: ${force}`, ...lines].join('\n');
}

function nodesTable({ nodes, silentTotal }: StatusSummary): string {
  return [
    '| Nodes | Compliant | Failing | Silent | Pending |',
    '| ---: | ---: | ---: | ---: | ---: |',
    `| ${[nodes.total, nodes.compliant, nodes.failing, silentTotal, nodes.pending].join(' | ')} |`,
  ].join('\n');
}

function failingBlocks({ failing, nodes }: StatusSummary): string[] {
  if (nodes.failing === 0) return [];
  const rows = failing.slice(0, NODE_ROWS_MAX).map((node) => {
    const links = [...node.failing.map(associationLink), ...node.nonCompliantTypes.map(code)].join(
      ', ',
    );
    const hidden = node.failingTotal - node.failing.length;
    const others = hidden > 0 ? ` and ${hidden} more` : '';
    const silent = node.silentSince === null ? '' : ' 🔇';
    return `| ${nodeLink(node)}${silent} | ${nameCell(node)} | ${node.severity ?? ''} | ${links}${others} |`;
  });
  return [
    '## Failing nodes',
    [
      '| Node | Name | Severity | Associations, compliance types |',
      '| --- | --- | --- | --- |',
      ...rows,
    ].join('\n'),
    ...more(nodes.failing, NODE_ROWS_MAX),
  ];
}

function silentBlocks({ silent, silentTotal }: StatusSummary): string[] {
  if (silentTotal === 0) return [];
  const rows = silent
    .slice(0, NODE_ROWS_MAX)
    .map((node) => `| ${nodeLink(node)} | ${nameCell(node)} | ${node.silentSince ?? 'never'} |`);
  return [
    '## Silent nodes',
    'No contact for an hour or more. What they last reported is shown, and may not be true any more.',
    ['| Node | Name | Last contact |', '| --- | --- | --- |', ...rows].join('\n'),
    ...more(silentTotal, NODE_ROWS_MAX),
  ];
}

/** Nodes by type: only where documents have reported more than how associations ended. */
function complianceBlocks({ compliance }: StatusSummary): string[] {
  if (compliance.every(({ ComplianceType }) => ComplianceType === ASSOCIATION_TYPE)) return [];
  const rows = compliance
    .slice(0, TYPE_ROWS_MAX)
    .map(
      ({ ComplianceType, CompliantSummary, NonCompliantSummary }) =>
        `| ${code(ComplianceType)} | ${CompliantSummary.CompliantCount} | ${NonCompliantSummary.NonCompliantCount} |`,
    );
  return [
    '## Compliance',
    ['| Type | Compliant nodes | Non-compliant nodes |', '| --- | ---: | ---: |', ...rows].join(
      '\n',
    ),
    ...more(compliance.length, TYPE_ROWS_MAX),
  ];
}

function associationBlocks(associations: readonly AssociationSummary[]): string[] {
  if (associations.length === 0) return [];
  const rows = [...associations]
    .sort(worstFirst)
    .slice(0, ASSOCIATION_ROWS_MAX)
    .map(associationRow);
  return [
    '## Associations',
    [
      '| | Association | Nodes | Success | Failed | Pending | Skipped | Severity |',
      '| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |',
      ...rows,
    ].join('\n'),
    ...more(associations.length, ASSOCIATION_ROWS_MAX),
  ];
}

function associationRow(association: AssociationSummary): string {
  const { name, status, targets, counts, severity, validity, hold } = association;
  const numbers = [targets, counts.Success, counts.Failed, counts.Pending, counts.Skipped];
  const cells = numbers.map((count) => String(count ?? 0));
  const mark = `${validity === 'Invalid' ? ' ⚠️' : ''}${hold === null ? '' : ` (${hold})`}`;
  return `| ${statusMarks[status]} | ${associationLink(name)}${mark} | ${cells.join(' | ')} | ${severity === 'UNSPECIFIED' ? '' : severity} |`;
}

const statusRank: { readonly [status in AssociationStanding['status']]: number } = {
  Failed: 0,
  Pending: 1,
  Success: 2,
};

export function worstFirst(a: AssociationSummary, b: AssociationSummary): number {
  return (
    statusRank[a.status] - statusRank[b.status] ||
    severityRank(a.severity) - severityRank(b.severity) ||
    b.failing - a.failing ||
    compareText(a.name, b.name)
  );
}

function foreignBlocks({ foreignPaths }: StatusSummary): string[] {
  if (foreignPaths.length === 0) return [];
  return [
    '## Dropped from this branch',
    'This branch is written by `reconciled` alone. These paths were not:',
    foreignPaths
      .slice(0, FILE_ROWS_MAX)
      .map((path) => `- ${code(path)}`)
      .join('\n'),
    ...more(foreignPaths.length, FILE_ROWS_MAX),
  ];
}

const more = (total: number, max: number): string[] =>
  total > max ? [`… and ${thousands(total - max)} more in [summary.json](summary.json).`] : [];

const nodeLink = ({ node }: NodeSummary): string => `[\`${node}\`](${nodePath(node)})`;
const nameCell = ({ node, name }: NodeSummary): string => (name === node ? '' : cell(name));
const associationLink = (name: AssociationName): string =>
  `[\`${name}\`](${associationPagePath(name)})`;
