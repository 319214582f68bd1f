/** docs/documents.md: what its table of plugins says of an action is what the language, the agent and `validate` do. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import test from 'node:test';
import { plugins } from '../src/agent/executor/plugins/registry.ts';
import { KNOWN_ACTIONS, runsOn } from '../src/core/document/actions.ts';
import { BUILT_ACTIONS } from '../src/core/document/built-actions.ts';
import type { JsonObject } from '../src/core/model/json.ts';
import { taskOrder } from './fakes/task-order.ts';

const root = new URL('../', import.meta.url);
const page = readFileSync(new URL('docs/documents.md', root), 'utf8');

type Row = { readonly action: string; readonly on: readonly string[] };

/** One for each action: some rows are about several. */
const rows: readonly Row[] = page
  .slice(page.indexOf('| action | Linux | Windows | macOS |'))
  .split('\n')
  .filter((line) => line.startsWith('| `aws:'))
  .flatMap((line) => {
    const [names = '', ...on] = line.slice(2, -2).split(' | ');
    return [...names.matchAll(/`([^`]+)`/g)].map(([, action = '']) => ({ action, on }));
  });

/** Inputs that nothing is wrong with, of the actions whose deed is not built. */
const right: { readonly [action: string]: JsonObject } = {
  'aws:configurePackage': { name: 'web', action: 'Install' },
  'aws:softwareInventory': { applications: 'Enabled' },
  'aws:updateSsmAgent': {
    agentName: 'amazon-ssm-agent',
    source: 'https://example.org/manifest.json',
    allowDowngrade: 'false',
  },
  'aws:domainJoin': {
    directoryId: 'd-1',
    directoryName: 'example.org',
    dnsIpAddresses: ['10.0.0.1'],
  },
};

function planOf(action: string, inputs: JsonObject) {
  const node = { root: '', nodeId: 'mi-0', platformName: 'Debian', platformVersion: '12' };
  return plugins
    .get(action)
    ?.plan(taskOrder({ action, inputs }), node, { scratch: '/none', downloads: '/none' });
}

test('every action of the language has its row, once', () => {
  assert.deepEqual(rows.map(({ action }) => action).sort(), [...KNOWN_ACTIONS].sort());
});

for (const { action, on } of rows) {
  const [linux = '', ...elsewhere] = on;
  test(`docs/documents.md: ${action} on Linux ${linux.split(/[ :;]/, 1).join()}`, () => {
    const isBuilt = BUILT_ACTIONS.includes(action);
    if (linux.startsWith('works')) return assert.ok(isBuilt && plugins.has(action));
    assert.ok(!isBuilt);
    if (!linux.startsWith('seam: ')) {
      assert.match(linux, /^(skipped \(.*\), before 2\.2 failed \(.*\)|as the row above)$/);
      return assert.ok(!plugins.has(action) && !runsOn(action, 'Linux'));
    }
    const plan = planOf(action, right[action] ?? {});
    assert.ok(plan?.kind === 'failure');
    const [, text, stdout] = /^seam: `([^`]+)`(?:, stdout `([^`]+)`)?$/.exec(linux) ?? [];
    assert.deepEqual([plan.text, plan.stdout ?? ''], [text, stdout ?? '']);
  });

  test(`docs/documents.md: ${action} elsewhere`, () => {
    const says = (['Windows', 'MacOS'] as const).map((platform) =>
      runsOn(action, platform) ? 'runs there on AWS' : 'skipped or failed',
    );
    assert.deepEqual(elsewhere, says);
  });
}

test('docs/documents.md: where docker and PowerShell are not, in these words', () => {
  for (const [action, inputs] of [
    ['aws:configureDocker', { action: 'Install' }],
    ['aws:runPowerShellScript', { runCommand: ['x'] }],
  ] as const) {
    const plan = planOf(action, inputs);
    if (plan?.kind !== 'failure') continue; // PowerShell is installed here
    const [, says = ''] =
      /else `([^`]+)`/.exec(rows.find((row) => row.action === action)?.on[0] ?? '') ?? [];
    assert.equal(plan.text, says.replace('<name>', 'Debian'));
  }
});

test('docs/documents.md: the preconfigured documents are those that ship', () => {
  const listed = /^Preconfigured documents: ([\s\S]*?);/m.exec(page)?.[1] ?? '';
  const shipped = readdirSync(new URL('src/library/', root))
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => name.replace('.yaml', ''));
  assert.deepEqual(
    [...listed.matchAll(/`([^`]+)`/g)].map(([, name]) => name).sort(),
    shipped.sort(),
  );
});

test('docs/documents.md: files that it names are there', () => {
  const named = [...page.matchAll(/`((?:test|schemas|docs)\/[\w/.-]+\.(?:ts|md|json))`/g)];
  assert.ok(named.length >= 4);
  for (const [, path = ''] of named) assert.ok(existsSync(new URL(path, root)), path);
});
