/** The document of docs/compliance.md, on real nodes: the run is Success, and the branch says what it reported. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { associationId } from '../../src/core/canonical/identity.ts';
import { association, mark, script } from './files.ts';
import { openFleet, STATUS_BRANCH } from './fleet.ts';

const text = readFileSync(
  fileURLToPath(new URL('../../docs/compliance.md', import.meta.url)),
  'utf8',
);
const [document, scan] = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map(
  ([, yaml]) => yaml ?? '',
);
assert(document !== undefined && scan !== undefined);

const fleet = await openFleet({
  files: { ...script('Other', [mark('other', 'once')]), ...association('Other') },
  nodes: { a: {}, b: {} },
});
after(() => fleet.close());
await fleet.converged(fleet.repo.tip() ?? '');

const sshd = (name: string, line: string): void => {
  mkdirSync(join(fleet.root(name), 'etc', 'ssh'), { recursive: true });
  writeFileSync(join(fleet.root(name), 'etc', 'ssh', 'sshd_config'), `${line}\n`);
};
const fileOf = (name: string) =>
  fleet.nodeFile(name) as unknown as {
    readonly ComplianceStatus?: string;
    readonly Compliance?: readonly { readonly ComplianceType: string; readonly Status: string }[];
    readonly ComplianceItems?: readonly { readonly Id: string; readonly Status: string }[];
    readonly Associations: readonly {
      readonly AssociationName: string;
      readonly Status: string;
      readonly ComplianceStatus?: string;
      readonly ComplianceSeverity?: string;
      readonly ComplianceItem?: { readonly Title: string };
    }[];
  } | null;
const lineOf = (name: string) =>
  fileOf(name)?.Associations.find((each) => each.AssociationName === 'check-ssh');

test('a document that reports NON_COMPLIANT makes its node so, while its run is Success', async () => {
  sshd('a', 'PermitRootLogin yes');
  sshd('b', 'PermitRootLogin no');
  fleet.commit({ 'documents/CheckSsh.yaml': document, 'associations/check-ssh.yaml': scan });
  await fleet.until(
    () =>
      lineOf('a')?.ComplianceStatus === 'NON_COMPLIANT' &&
      lineOf('b')?.ComplianceStatus === 'COMPLIANT',
    'both nodes have reported',
  );
  assert.deepEqual(
    [lineOf('a')?.Status, lineOf('a')?.ComplianceSeverity, lineOf('a')?.ComplianceItem?.Title],
    ['Success', 'HIGH', 'Root logs in over ssh'],
  );
  assert.deepEqual(
    fileOf('a')?.Compliance?.map(({ ComplianceType, Status }) => [ComplianceType, Status]),
    [
      ['Association', 'NON_COMPLIANT'],
      ['Custom:Ssh', 'NON_COMPLIANT'],
    ],
  );
  assert.deepEqual(
    fileOf('a')?.ComplianceItems?.map(({ Id, Status }) => [Id, Status]),
    [
      ['ssh-1', 'NON_COMPLIANT'],
      ['ssh-2', 'COMPLIANT'],
      ['ssh-3', 'COMPLIANT'],
    ],
  );
  assert.equal(fileOf('b')?.ComplianceStatus, 'COMPLIANT');
  const summary = fleet.summary();
  assert.equal(summary?.verdict, 'failing');
  assert.deepEqual(
    summary.compliance.map(({ ComplianceType, CompliantSummary, NonCompliantSummary }) => [
      ComplianceType,
      CompliantSummary.CompliantCount,
      NonCompliantSummary.NonCompliantCount,
    ]),
    [
      ['Association', 1, 1],
      ['Custom:Ssh', 1, 1],
    ],
  );
  assert.match(fleet.repo.show('README.md', STATUS_BRANCH), /`Custom:Ssh`/);
});

test('a lost state directory: what documents reported is there again', async () => {
  await fleet.daemon.stop();
  const before = fileOf('a');
  rmSync(fleet.stateDir, { recursive: true });
  await fleet.startDaemon();
  await fleet.until(async () => {
    const nodes = (await fleet.ask('nodes')) as { readonly connected: boolean }[];
    return nodes.length === 2 && nodes.every(({ connected }) => connected);
  }, 'both agents are connected');
  await fleet.daemon.stop();
  assert.deepEqual(fileOf('a'), before);
  await fleet.startDaemon();
});

test('mended on the node, reported by the next run: compliant; nothing is left in the drop folder', async () => {
  sshd('a', 'PermitRootLogin no');
  await fleet.run(['run', 'check-ssh', '--config', fleet.config]);
  await fleet.until(() => fleet.summary()?.verdict === 'compliant', 'the fleet is compliant again');
  const drop = join(fleet.root('a'), 'var', 'lib', 'reconciled-agent', 'compliance');
  await fleet.until(() => readdirSync(drop).length === 0, 'the folder is empty');
});

test('a node that speaks for another is refused, by the name AWS gives it', async () => {
  const id = associationId('real', 'check-ssh');
  const lie = JSON.stringify({
    ResourceId: fleet.nodeId('b'),
    ResourceType: 'ManagedInstance',
    ComplianceType: 'Association',
    UploadType: 'PARTIAL',
    ExecutionSummary: { ExecutionTime: '2026-01-31T12:00:00Z' },
    Items: [{ Id: id, Severity: 'CRITICAL', Status: 'NON_COMPLIANT' }],
  });
  const drop = join(fleet.root('a'), 'var', 'lib', 'reconciled-agent', 'compliance');
  writeFileSync(join(drop, 'lie.json'), lie);
  await fleet.run(['run', 'Other', '--config', fleet.config]);
  await fleet.until(
    () => /"Code":"InvalidResourceId","File":"lie.json"/.test(JSON.stringify(fileOf('a'))),
    'it is refused where everybody sees it',
  );
  assert.equal(lineOf('b')?.ComplianceStatus, 'COMPLIANT');
});
