/** `associations/<name>/README.md`: what the association does, for whom, and what went wrong where. */
import type { AssociationName, NodeId } from '../model/brand.ts';
import type { ReportedItem } from '../model/compliance.ts';
import type { Definition } from '../model/definition.ts';
import type { AssociationStanding, FailingTarget } from '../model/standing.ts';
import type { AssociationState } from '../model/state.ts';
import { describeSchedule } from '../schedule/describe.ts';
import { describeTarget } from '../selector/target.ts';
import { formatRateLimit } from './association-file.ts';
import { capBytes, capBytesTail, code, fence, prose } from './escape.ts';
import { holdBlocks, holdFacts } from './holds.ts';
import { OUTPUT_TAIL_BYTES_MAX, SUMMARY_BYTES_MAX } from './outcome-json.ts';
import { nodePath } from './paths.ts';
import type { ReportView } from './view.ts';
import { counted, shortId, statusMarks, statusWords, thousands, waitingWords } from './words.ts';

/** Failing nodes shown with their output, and further ones by id. */
export const OUTPUTS_MAX = 20;
export const IDS_MAX = 100;
const DESCRIPTION_BYTES_MAX = 1000;

/** Null when the association is in force no more. */
export function associationPage(view: ReportView, name: AssociationName): string | null {
  const association = view.state.associations.get(name);
  const standing = view.standings.associations.get(name);
  if (association === undefined || standing === undefined) return null;
  const definition = view.definitions.get(name);
  const blocks = [
    `# ${statusMarks[standing.status]} ${code(name)}`,
    ...descriptionBlocks(definition),
    ...validityBlocks(view, association),
    countsBlock(standing),
    [factsBlock(association, definition, standing), ...holdFacts(view, name)].join('\n'),
    ...holdBlocks(view, name),
    ...stoppedBlocks(view, association),
    ...unknownBlocks(standing),
    ...failingBlocks(view, standing.failing),
  ];
  return `${blocks.join('\n\n')}\n`;
}

function descriptionBlocks(definition: Definition | undefined): string[] {
  const text = prose(
    capBytes(definition?.document.document.description ?? '', DESCRIPTION_BYTES_MAX),
  );
  return text === '' ? [] : [`> ${text}`];
}

function validityBlocks(
  { catalog }: ReportView,
  { name, file, commit }: AssociationState,
): string[] {
  if (!catalog.invalidAssociations.has(name)) return [];
  return [
    `⚠️ **Invalid.** ${code(file)} cannot be used as it is now; the version of ${code(shortId(commit))} stays in force.`,
  ];
}

function countsBlock(standing: AssociationStanding): string {
  const { counts, targets, silent } = standing;
  const row = (['Success', 'Failed', 'Pending', 'Skipped'] as const).map((key) => counts[key] ?? 0);
  return [
    '| Nodes | Success | Failed | Pending | Skipped | Silent |',
    '| ---: | ---: | ---: | ---: | ---: | ---: |',
    `| ${[targets, ...row, silent].join(' | ')} |`,
  ].join('\n');
}

function factsBlock(
  association: AssociationState,
  definition: Definition | undefined,
  standing: AssociationStanding,
): string {
  const lines = [
    `- **In force** since revision ${code(shortId(association.commit))}, from ${code(association.file)}`,
  ];
  if (definition !== undefined) {
    const { association: wanted, documentNumber } = definition;
    const number = documentNumber === null ? '' : `, version ${documentNumber}`;
    lines.push(
      `- **Document** ${code(wanted.document)}${number}`,
      `- **Targets** ${wanted.targets.map((target) => code(describeTarget(target))).join(' and ')}`,
      `- **Schedule** ${wanted.schedule === null ? 'once, and at every change' : code(describeSchedule(wanted.schedule))}`,
      `- **Rate control** at most ${formatRateLimit(wanted.maxConcurrency)} at once, stops after more than ${formatRateLimit(wanted.maxErrors)} failures`,
      `- **Severity** ${wanted.complianceSeverity}`,
    );
    if (wanted.notEffective.length > 0) {
      lines.push(`- **Without (whole) effect here** ${wanted.notEffective.map(code).join(', ')}`);
    }
  }
  for (const [reason, count] of standing.waiting) {
    lines.push(`- **Waiting** ${counted(count, 'node')}: ${waitingWords[reason]}`);
  }
  return lines.join('\n');
}

function stoppedBlocks({ state }: ReportView, { open }: AssociationState): string[] {
  const stopped = open === null ? null : (state.executions.get(open)?.stopped ?? null);
  if (stopped === null) return [];
  const failures = counted(stopped.failures, 'failure');
  return [
    `🛑 **Stopped** after ${failures}: nothing more starts until the next slot, an edit, a manual run or \`reconciled resume\`.`,
  ];
}

function unknownBlocks({ unknownIds }: AssociationStanding): string[] {
  if (unknownIds.length === 0) return [];
  return [
    `## ${counted(unknownIds.length, 'target')} that no node has`,
    unknownIds
      .slice(0, IDS_MAX)
      .map((id) => `- ${code(id)}`)
      .join('\n'),
    ...moreBlocks(unknownIds.length, IDS_MAX),
  ];
}

function failingBlocks(view: ReportView, failing: readonly FailingTarget[]): string[] {
  if (failing.length === 0) return [];
  const others = failing.slice(OUTPUTS_MAX, OUTPUTS_MAX + IDS_MAX);
  return [
    `## ${counted(failing.length, 'failing node')}`,
    ...failing.slice(0, OUTPUTS_MAX).flatMap((target) => failureBlocks(view, target)),
    ...(others.length === 0 ? [] : [others.map(({ node }) => `- ${nodeLink(node)}`).join('\n')]),
    ...moreBlocks(failing.length, OUTPUTS_MAX + IDS_MAX),
  ];
}

const moreBlocks = (total: number, max: number): string[] =>
  total > max ? [`… and ${thousands(total - max)} more.`] : [];

/** Only states and numbers outside of the fence; all that the node says is in it. */
function failureBlocks(view: ReportView, { node, standing }: FailingTarget): string[] {
  const last = standing.applied ?? standing.outcome;
  const name = view.nodes.get(node)?.name;
  const title = name === undefined || name === node ? '' : ` ${code(name)}`;
  const facts = [`**${statusWords(standing)}**`];
  if (standing.item !== null) facts.push(`${standing.item.status}, ${standing.item.severity}`);
  if (last !== null) {
    const { exitCode } = last.outcome;
    if (exitCode !== null) facts.push(`exit code ${exitCode}`);
    if (last.revision !== null) facts.push(`since revision ${code(shortId(last.revision))}`);
    if (last.reason !== '') facts.push(`ran because: ${code(last.reason)}`);
  }
  const said = [
    ...itemTexts(standing.item),
    capBytes(last?.outcome.summary ?? '', SUMMARY_BYTES_MAX),
    capBytesTail(last?.outcome.outputTail ?? '', OUTPUT_TAIL_BYTES_MAX),
  ].filter((text) => text.trim() !== '');
  return [
    `### ${nodeLink(node)}${title}`,
    facts.join(', '),
    ...(said.length === 0 ? [] : [fence(said.join('\n\n'))]),
  ];
}

/** What a document reported for its MANUAL association: its own words. */
function itemTexts(item: ReportedItem | null): readonly string[] {
  if (item === null) return [];
  const details = Object.entries(item.details).map(([key, text]) => `${key}: ${text}`);
  return [capBytes([item.title, ...details].join('\n'), OUTPUT_TAIL_BYTES_MAX)];
}

const nodeLink = (node: NodeId): string => `[\`${node}\`](../../${nodePath(node)})`;
