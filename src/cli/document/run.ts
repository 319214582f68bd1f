import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { LocalRun } from '../../agent/run-locally.ts';
import { runDocumentLocally } from '../../agent/run-locally.ts';
import type { Inclusion } from '../../core/document/includes.ts';
import { includesOf } from '../../core/document/includes.ts';
import { effectiveParameters } from '../../core/document/parameters.ts';
import { secureUse } from '../../core/document/secure.ts';
import { referencesMet } from '../../core/document/store.ts';
import { documentNamed, familyOf } from '../../core/load/families.ts';
import { findParameter, storeOf } from '../../core/load/store.ts';
import type { Parameter } from '../../core/model/association.ts';
import type { Catalog } from '../../core/model/catalog.ts';
import type { Document } from '../../core/model/document.ts';
import { ReconcileError } from '../../core/model/errors.ts';
import type { JsonObject } from '../../core/model/json.ts';
import type { DocumentRunReport } from '../../core/model/schemas.gen.ts';
import { visibleLine } from '../../core/report/escape.ts';
import type { Painter } from '../../core/report/text.ts';
import { readLibrary } from '../../io/library.ts';
import { rootOf } from '../agent-root.ts';
import type { Command, Context } from '../command.ts';
import { FORMAT, usage } from '../command.ts';
import { EXIT } from '../exit.ts';
import { loadFiles, openFiles } from '../load-repository.ts';
import { painterFor, printJson } from '../print.ts';
import { problemText } from '../problem-text.ts';
import { givenParameters, PARAMETERS } from './given-parameters.ts';
import { parseSource } from './judge-source.ts';
import { readSource } from './read-text.ts';

export const command: Command = {
  arguments: [{ syntax: '<file>', about: 'the document, JSON or YAML; - for standard input' }],
  flags: [
    PARAMETERS,
    {
      syntax: '--repo <dir>',
      about:
        'repository whose documents and parameters it may name; without, the preconfigured ones',
    },
    {
      syntax: '--platform <platform>',
      about: 'agents run on Linux, and so does this',
      fallback: 'Linux',
      choices: ['Linux', 'Windows', 'MacOS'],
    },
    {
      syntax: '--root <dir>',
      about: 'RECONCILED_ROOT of its scripts; without, the machine itself',
      variable: 'RECONCILED_AGENT_ROOT',
      fallback: '',
    },
    {
      syntax: '--identity <file>',
      about:
        'age identities that open the SecureStrings it uses, which --repo holds; once for each file',
      many: true,
    },
    FORMAT('json'),
  ],
  examples: [
    'reconciled document run documents/KeepFile.yaml --root /tmp/try --parameters path=/etc/motd',
    'reconciled document run site.json --repo . --parameters values.yaml --format json',
    'reconciled document run Login.yaml --repo . --identity /etc/reconciled/role-web.key',
  ],
  leavesGracefully: true,
  async run(call, context) {
    if (call.text('platform') !== 'Linux') {
      throw usage('a document runs here, and agents run on Linux: see document render --platform');
    }
    const document = await readDocument(call.args[0] ?? '', context);
    const parameters = await givenParameters(document, call.list('parameters'), context);
    const root = rootOf(call);
    // Steps run in it unless they say where: a new one is an empty machine.
    await makeDir(root);
    const around = await surroundings(call.given('repo'), context.signal);
    const result = await runDocumentLocally(document.content, parameters, {
      root,
      ...carriedBy(document, parameters, around),
      identities: call.list('identity').map((file) => resolve(file)),
      signal: context.signal,
    });
    if (call.text('format') === 'json') printJson(context, jsonOf(result));
    else context.stdout.write(textOf(result, painterFor(context.stdout, context.env)));
    return result.status === 'Success' ? EXIT.done : EXIT.someFailed;
  },
};

/** @throws ReconcileError ROOT_UNUSABLE */
async function makeDir(root: string): Promise<void> {
  try {
    if (root !== '') await mkdir(root, { recursive: true });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ReconcileError('ROOT_UNUSABLE', `${root} cannot be the root: ${why}`, {
      retry: 'never',
      cause,
    });
  }
}

/** @throws ReconcileError DOCUMENT_INVALID (exit 3) with every problem */
async function readDocument(file: string, context: Context): Promise<Document> {
  const { stderr, env } = context;
  const { document, problems } = parseSource(await readSource(file, context));
  if (problems.length > 0) stderr.write(`${problemText(problems, painterFor(stderr, env))}\n`);
  if (document !== null) return document;
  const message = `${file} is no document that can run`;
  throw new ReconcileError('DOCUMENT_INVALID', message, {
    retry: 'never',
    exitCode: EXIT.invalid,
  });
}

type Around = Pick<Catalog, 'documents' | 'parameters'>;

async function surroundings(repo: string | null, signal: AbortSignal): Promise<Around> {
  if (repo !== null) return (await loadFiles(await openFiles(repo, null), {}, signal)).catalog;
  const library = await readLibrary();
  return {
    documents: new Map([...library].map(([name, document]) => [name, familyOf(document)])),
    parameters: new Map<string, Parameter>(),
  };
}

/** What a job would carry: the documents that it names, and the values of references. */
function carriedBy(
  document: Document,
  parameters: JsonObject,
  around: Around,
): Pick<Parameters<typeof runDocumentLocally>[2], 'documents' | 'parameterStore'> {
  const values = withDefaults(document, parameters);
  const { found } = includesOf(document, values, {
    find: (reference) => documentNamed(around.documents, reference),
    store: storeOf(around.parameters),
  });
  const documents = Object.fromEntries(
    found.flatMap(({ reference, document: inner }) =>
      inner === null
        ? []
        : [[reference, { content: inner.document.content, digest: inner.document.digest }]],
    ),
  );
  const executed = [{ document, values }, ...found.flatMap(executedBy)];
  const references = executed.flatMap((one) => [
    ...referencesMet(one.document, one.values),
    ...secureUse(one.document, one.values).needed,
  ]);
  const parameterStore = Object.fromEntries(
    references.flatMap((reference) => {
      const entry = findParameter(around.parameters, reference);
      return entry === null ? [] : [[reference, { type: entry.type, value: entry.value }]];
    }),
  );
  return { documents, parameterStore };
}

function executedBy({ document: inner, runs }: Inclusion) {
  if (inner === null) return [];
  const { document } = inner;
  return (runs.length === 0 ? [{}] : runs).map((given) => ({
    document,
    values: withDefaults(document, given),
  }));
}

function withDefaults(document: Document, parameters: JsonObject): JsonObject {
  const effective = effectiveParameters(document, parameters);
  return effective.ok ? effective.value : parameters;
}

/** `schemas/document-run.schema.json`. */
function jsonOf({ status, steps, message }: LocalRun): DocumentRunReport {
  return {
    status,
    message,
    steps: steps.map(({ name, action, status: state, exitCode, stdout, stderr, reason }) => ({
      name,
      action,
      status: state,
      exitCode,
      stdout: stdout.text,
      stderr: stderr.text,
      reason,
    })),
  };
}

function textOf({ status, steps, message }: LocalRun, paint: Painter): string {
  const shown = (state: string): string =>
    state === 'Success'
      ? paint.good(state)
      : state === 'Skipped'
        ? paint.dim(state)
        : paint.bad(state);
  const lines = steps.flatMap((step) => [
    `${paint.bold(visibleLine(step.name))} ${paint.dim(visibleLine(step.action))} ${shown(step.status)}` +
      (step.exitCode === 0 ? '' : ` (exit ${step.exitCode})`),
    ...(step.reason === '' ? [] : [`  ${visibleLine(step.reason)}`]),
    ...outputOf('out', step.stdout.text),
    ...outputOf('err', step.stderr.text),
  ]);
  return [...lines, ...(message === '' ? [] : [visibleLine(message)]), shown(status), ''].join(
    '\n',
  );
}

const outputOf = (name: string, text: string): readonly string[] =>
  text === ''
    ? []
    : text
        .replace(/\n$/, '')
        .split('\n')
        .map((line) => `  ${name} | ${visibleLine(line)}`);
