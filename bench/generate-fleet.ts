/**
 * Writes a repository of the size that the budgets speak of: by default 1,000 associations, 300 documents and 10,000 node
 * files, each node matched by 20 associations. Same flags, same bytes.
 *
 *   node --import tsx bench/generate-fleet.ts DIR [--associations 1000] [--documents 300] [--nodes 10000]
 */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { nodeIdOfKey } from '../src/core/load/node-key.ts';

export type FleetSize = {
  readonly associations: number;
  readonly documents: number;
  readonly nodes: number;
};

export const FULL_FLEET: FleetSize = { associations: 1_000, documents: 300, nodes: 10_000 };

/** 20 associations for each node: an association names one role, and there are as many roles as make that so. */
const ASSOCIATIONS_PER_NODE = 20;

export type FleetFile = { readonly path: string; readonly text: string };

export function* fleetFiles({ associations, documents, nodes }: FleetSize): Generator<FleetFile> {
  const roles = Math.max(1, Math.round(associations / ASSOCIATIONS_PER_NODE));
  yield { path: 'reconciled.yaml', text: 'defaults:\n  maxErrors: "10%"\n' };
  yield { path: 'parameters/port.yaml', text: 'Name: /fleet/port\nType: String\nValue: "8080"\n' };
  for (let i = 0; i < documents; i++) yield document(i);
  for (let i = 0; i < associations; i++) yield association(i, { documents, roles });
  for (let i = 0; i < nodes; i++) yield node(i, roles);
}

function document(i: number): FleetFile {
  return {
    path: `documents/Doc-${pad(i, 4)}.yaml`,
    text: `schemaVersion: "2.2"
description: Keeps service ${i} as stated
parameters:
  service:
    type: String
    description: Name of the service
    allowedPattern: ^[a-z0-9-]+$
  port:
    type: String
    default: "80"
    allowedPattern: ^[0-9]+$
  mode:
    type: String
    default: enforce
    allowedValues: [enforce, report]
mainSteps:
  - action: aws:runShellScript
    name: check
    precondition:
      StringEquals: [platformType, Linux]
    inputs:
      timeoutSeconds: "300"
      runCommand:
        - |
          set -eu
          dir="\${RECONCILED_ROOT:-}/var/lib/fleet/${i}"
          mkdir -p "$dir"
          echo "{{ service }} {{ port }} {{ mode }}" > "$dir/state.new"
          mv "$dir/state.new" "$dir/state"
  - action: aws:runShellScript
    name: report
    inputs:
      runCommand: ["echo {{ service }} is {{ mode }}"]
`,
  };
}

function association(
  i: number,
  { documents, roles }: { readonly documents: number; readonly roles: number },
): FleetFile {
  const port = i % 10 === 0 ? '{{ssm:/fleet/port}}' : String(1024 + (i % 60_000));
  return {
    path: `associations/team-${pad(i % 40, 2)}/${pad(i, 5)}.yaml`,
    text: `# Association ${i} of a generated fleet.
AssociationName: assoc-${pad(i, 5)}
Name: Doc-${pad(i % documents, 4)}
Parameters:
  service: [service-${i}]
  port: ["${port}"]
Targets:
  - Key: tag:role
    Values: [role-${i % roles}]
ScheduleExpression: ${i % 3 === 0 ? 'rate(30 minutes)' : `cron(${i % 60} ${i % 24} ? * * *)`}
MaxConcurrency: "10%"
MaxErrors: "5"
ComplianceSeverity: HIGH
`,
  };
}

function node(i: number, roles: number): FleetFile {
  const key = `ed25519:${createHash('sha256').update(`node ${i}`).digest('base64')}`;
  const id = nodeIdOfKey(key) ?? '';
  return {
    path: `nodes/${id.slice(3, 5)}/${id}.yaml`,
    text: `Name: node-${pad(i, 5)}
PublicKey: ${key}
Tags:
  - { Key: role, Value: role-${i % roles} }
  - { Key: env, Value: ${['prod', 'staging', 'test'][i % 3] ?? 'prod'} }
`,
  };
}

function pad(i: number, digits: number): string {
  return String(i).padStart(digits, '0');
}

/** @returns the number of files written below `dir` */
export async function writeFleet(dir: string, size: FleetSize): Promise<number> {
  const made = new Set<string>();
  let count = 0;
  for (const { path, text } of fleetFiles(size)) {
    const file = join(dir, path);
    const folder = dirname(file);
    if (!made.has(folder)) await mkdir(folder, { recursive: true });
    made.add(folder);
    await writeFile(file, text);
    count += 1;
  }
  return count;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      associations: { type: 'string', default: String(FULL_FLEET.associations) },
      documents: { type: 'string', default: String(FULL_FLEET.documents) },
      nodes: { type: 'string', default: String(FULL_FLEET.nodes) },
    },
  });
  const [dir] = positionals;
  if (dir === undefined) {
    console.error('usage: generate-fleet.ts DIR [--associations N] [--documents N] [--nodes N]');
    process.exitCode = 64;
  } else {
    const size: FleetSize = {
      associations: Number(values.associations),
      documents: Number(values.documents),
      nodes: Number(values.nodes),
    };
    console.log(`${await writeFleet(dir, size)} files in ${dir}`);
  }
}
