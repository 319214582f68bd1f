/** The unit files as systemd reads them: no complaint, and no more exposure than was decided. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { tempDir } from '../fakes/git-repo.ts';

const UNITS = fileURLToPath(new URL('../../systemd/', import.meta.url));
const DAEMON = 'reconciled.service';
const AGENT = 'reconciled-agent.service';
/** Tenths, as systemd-analyze counts. */
const DAEMON_EXPOSURE_MAX = 15;

function analyze(...args: readonly string[]): { readonly code: number; readonly text: string } {
  const ended = spawnSync('systemd-analyze', args, {
    encoding: 'utf8',
    timeout: 30_000,
    env: { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8' },
  });
  return { code: ended.status ?? -1, text: `${ended.stdout}${ended.stderr}` };
}

/** 250 is the first that analyzes files offline. */
function obstacle(): string | false {
  const { code, text } = analyze('--version');
  if (code !== 0) return 'systemd-analyze is missing';
  const version = Number(/^systemd (\d+)/.exec(text)?.[1] ?? 0);
  return version >= 250 ? false : `systemd-analyze ${version} cannot work offline`;
}

describe('unit files', { skip: obstacle() }, () => {
  const dir = tempDir('units-');

  before(() => {
    for (const unit of [DAEMON, AGENT]) {
      cpSync(join(UNITS, unit), join(dir, unit));
      // The program is not installed here; everything else is judged as it ships.
      const text = readFileSync(join(dir, unit), 'utf8');
      writeFileSync(join(dir, unit), text.replace('/usr/bin/reconciled', process.execPath));
    }
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  for (const unit of [DAEMON, AGENT]) {
    test(`${unit}: systemd has nothing to complain about`, () => {
      const { code, text } = analyze('verify', '--man=no', join(dir, unit));
      const own = text.split('\n').filter((line) => line.includes('reconciled'));
      assert.deepEqual({ code, own }, { code: 0, own: [] });
    });
  }

  test('the daemon is exposed no more than was decided', () => {
    const threshold = `--threshold=${DAEMON_EXPOSURE_MAX}`;
    const { code, text } = analyze('security', '--offline=true', threshold, join(dir, DAEMON));
    assert.equal(code, 0, text);
  });

  test('the agent is as exposed as root: its scripts would inherit what it lacks', (t) => {
    const { text } = analyze('security', '--offline=true', join(dir, AGENT));
    t.diagnostic(/Overall exposure level.*$/m.exec(text)?.[0] ?? text);
  });

  test('what systemd ignores outside of [Unit] stands in [Unit]', () => {
    for (const unit of [DAEMON, AGENT]) {
      const [head = ''] = readFileSync(join(UNITS, unit), 'utf8').split('[Service]');
      assert.match(head, /^StartLimitIntervalSec=0$/m);
    }
  });
});
