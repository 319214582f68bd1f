/** Every command by its words. Loaded when called, so that an agent does not carry the daemon in its memory. */
import type { Command } from './command.ts';

export type Entry = {
  readonly summary: string;
  readonly load: () => Promise<{ readonly command: Command }>;
};

export const commands: { readonly [words: string]: Entry } = {
  init: { summary: 'a repository to start from', load: () => import('./init.ts') },
  validate: {
    summary: 'every mistake of a repository, with its place',
    load: () => import('./validate.ts'),
  },
  plan: {
    summary: 'which nodes would do what, and why, before the merge',
    load: () => import('./plan.ts'),
  },
  forecast: {
    summary: 'when what would run where, in the days to come',
    load: () => import('./forecast.ts'),
  },
  'document lint': {
    summary: 'what an author should know about documents',
    load: () => import('./document/lint.ts'),
  },
  'document render': {
    summary: 'the steps of a document with parameters in place',
    load: () => import('./document/render.ts'),
  },
  daemon: { summary: 'the reconciler, on the management host', load: () => import('./daemon.ts') },
  'agent register': {
    summary: 'makes this machine a node',
    load: () => import('./agent-register.ts'),
  },
  'agent run': { summary: 'the program on a node', load: () => import('./agent-run.ts') },
  'agent perform': {
    summary: 'a step of ours in a process of its own; started by the executor',
    load: () => import('./agent-perform.ts'),
  },
  status: { summary: 'how the fleet stands', load: () => import('./status.ts') },
  sync: { summary: 'looks at the source now', load: () => import('./sync.ts') },
  accept: {
    summary: 'puts a held revision in force',
    load: () => import('./accept.ts'),
  },
  run: { summary: 'starts associations now', load: () => import('./run.ts') },
  cancel: { summary: 'ends an execution', load: () => import('./cancel.ts') },
  pause: { summary: 'starts nothing until resume', load: () => import('./pause.ts') },
  resume: {
    summary: 'starts again after pause, or after an error threshold',
    load: () => import('./resume.ts'),
  },
  'associations list': {
    summary: 'associations in force, with version and status',
    load: () => import('./associations/list.ts'),
  },
  'associations show': {
    summary: 'one association: what it binds, and how it stands',
    load: () => import('./associations/show.ts'),
  },
  'associations versions': {
    summary: 'what changed an association, when, and at which commit',
    load: () => import('./associations/versions.ts'),
  },
  'executions list': {
    summary: 'firings of associations, recent or of the status branch',
    load: () => import('./executions/list.ts'),
  },
  'executions show': {
    summary: 'one execution, node by node',
    load: () => import('./executions/show.ts'),
  },
  explain: {
    summary: 'why an association runs on a node, or why not',
    load: () => import('./explain.ts'),
  },
  'activation create': {
    summary: 'a join code for nodes',
    load: () => import('./activation-create.ts'),
  },
  'parameter encrypt': {
    summary: 'a SecureString for parameters/, from standard input',
    load: () => import('./parameter-encrypt.ts'),
  },
  'parameter keygen': {
    summary: 'an age identity for a role of nodes',
    load: () => import('./parameter-keygen.ts'),
  },
  'node list': { summary: 'nodes that the daemon knows', load: () => import('./node-list.ts') },
  'node revoke': { summary: 'shuts a node out at once', load: () => import('./node-revoke.ts') },
  'document run': {
    summary: 'one document, here, without a daemon',
    load: () => import('./document/run.ts'),
  },
  doctor: {
    summary: 'what stands in the way of a healthy daemon here',
    load: () => import('./doctor.ts'),
  },
  backup: { summary: 'a consistent copy of state and key', load: () => import('./backup.ts') },
  restore: { summary: 'a backup put back', load: () => import('./restore.ts') },
  demo: { summary: 'a whole fleet on this machine', load: () => import('./demo.ts') },
};
