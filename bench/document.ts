/**
 * The document language against yardsticks that check nothing: a 64 KiB document parsed, substituted and planned, and 1,000
 * documents linted. Processor time, since the machine may be busy; the ratio is what counts.
 *
 *   node --import tsx bench/document.ts
 */
import { parse, stringify } from 'yaml';
import { parseDocument } from '../src/core/document/parse.ts';
import { documentProblemsForPlatformActions } from '../src/core/document/platform-actions.ts';
import { prepareRun } from '../src/core/document/prepare.ts';
import { DOCUMENT_BYTES_MAX } from '../src/core/document/source.ts';

const ROUNDS = 60;
/**
 * Until V8 has optimised it all: its compiler's threads count as processor time of the process, and for the first forty rounds or so
 * they take twice what the work itself does. What these rounds cost is told beside the rest.
 */
const WARM_UP_ROUNDS = 200;
const handlers = new Set(['aws:runShellScript']);

/** As many steps as fit, one line in ten with a parameter. */
function largeDocument(write: (content: object) => string): string {
  let text = '';
  for (let steps = 1; ; steps++) {
    const next = write(contentOf(steps, 30));
    if (Buffer.byteLength(next) > DOCUMENT_BYTES_MAX) return text;
    text = next;
  }
}

function contentOf(steps: number, lines: number): object {
  return {
    schemaVersion: '2.2',
    description: 'as large as a document may be',
    parameters: { word: { type: 'String', default: 'x', allowedPattern: '^[a-z]+$' } },
    mainSteps: Array.from({ length: steps }, (_, step) => ({
      action: 'aws:runShellScript',
      name: `step${step}`,
      precondition: { StringEquals: ['platformType', 'Linux'] },
      inputs: {
        timeoutSeconds: '60',
        runCommand: Array.from(
          { length: lines },
          (__, line) => `echo "line ${line}" ${line % 10 === 0 ? '{{ word }}' : 'word'} && true`,
        ),
      },
    })),
  };
}

function cpuMs(work: () => void): number {
  const { user, system } = process.cpuUsage();
  work();
  const after = process.cpuUsage();
  return (after.user - user + after.system - system) / 1000;
}

type Figures = { readonly early: number; readonly least: number; readonly median: number };

/** `early`: the median of the first rounds. */
function measure(work: () => void): Figures {
  const early = times(ROUNDS, work);
  times(WARM_UP_ROUNDS, work);
  const warm = times(ROUNDS, work);
  return { early: median(early), least: warm[0] ?? 0, median: median(warm) };
}

const times = (rounds: number, work: () => void): readonly number[] =>
  Array.from({ length: rounds }, () => cpuMs(work)).sort((a, b) => a - b);
const median = (sorted: readonly number[]): number => sorted[sorted.length >> 1] ?? 0;

function plan(text: string, file: string): void {
  const { document, problems } = parseDocument(text, { file });
  if (document === null) throw new Error(problems[0]?.message);
  const context = { platformType: 'Linux', handlers, store: () => null } as const;
  const prepared = prepareRun(document, { word: 'hello' }, context);
  if (!prepared.ok) throw new Error(prepared.message);
}

for (const [format, text, name, yardstick] of [
  [
    'json',
    largeDocument((content) => JSON.stringify(content, null, 2)),
    'JSON.parse',
    (json: string) => JSON.parse(json) as unknown,
  ],
  [
    'yaml',
    largeDocument((content) => stringify(content, { lineWidth: 0 })),
    'yaml.parse',
    (yaml: string) => parse(yaml) as unknown,
  ],
] as const) {
  const first = cpuMs(() => {
    plan(text, `d.${format}`);
  });
  const plain = measure(() => yardstick(text));
  const ours = measure(() => {
    plan(text, `d.${format}`);
  });
  console.log(
    `${format}, ${text.length} bytes: parse, substitute, plan ${ours.least.toFixed(1)} ms at best, median ${ours.median.toFixed(1)} ms` +
      ` (budget 5); the very first ${first.toFixed(0)} ms, the median of the first ${ROUNDS} ${ours.early.toFixed(1)}, while it is being compiled;` +
      ` ${name} alone ${plain.least.toFixed(1)}, median ${plain.median.toFixed(1)}, of the first ${plain.early.toFixed(1)}`,
  );
}

const documents = Array.from({ length: 1000 }, (_, i) =>
  stringify(contentOf(1 + (i % 4), 6 + (i % 9))),
);
const lint = (text: string): void => {
  const { document } = parseDocument(text, { file: 'd.yaml' });
  if (document === null) throw new Error('the generated documents are right');
  documentProblemsForPlatformActions(document, { file: 'd.yaml', builtActions: [...handlers] });
};
const lintMs = cpuMs(() => {
  documents.forEach(lint);
});
const plainMs = cpuMs(() => {
  for (const text of documents) parse(text);
});
const bytes = documents.reduce((sum, text) => sum + text.length, 0);
console.log(
  `1,000 documents of ${Math.round(bytes / 1000)} bytes linted: ${lintMs.toFixed(0)} ms (budget 2,000); yaml.parse alone ${plainMs.toFixed(0)} ms`,
);
