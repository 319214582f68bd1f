import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { instant } from '../../../src/core/model/brand.ts';
import type { JsonObject } from '../../../src/core/model/json.ts';
import { run } from '../../protocol/messages.ts';
import type { Bench } from './bench.ts';
import { withBench } from './bench.ts';

const alive = (pid: number): boolean => {
  try {
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
};

/** Dead ones that nobody has waited for do not count. */
const hasMembers = (pgid: number): boolean =>
  readdirSync('/proc').some((name) => {
    if (!/^\d+$/.test(name) || !alive(Number(name))) return false;
    const fields = /\) \S (\d+) (\d+) /.exec(readFileSync(`/proc/${name}/stat`, 'utf8'));
    return Number(fields?.[2]) === pgid;
  });

async function until(holds: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 400; i++) {
    if (holds()) return;
    await delay(10);
  }
  assert.fail(`never came true: ${what}`);
}

const supervisorOf = (bench: Bench): number =>
  Number(readFileSync(join(bench.dir, 'runs', 'supervisor'), 'utf8').split(' ')[0]);

/** Starts a script that writes its pid to `pid` and waits. */
async function startWaiting(bench: Bench, sequence: number, line: string): Promise<number> {
  const file = join(bench.dir, `pid${sequence}`);
  bench.executor.start(
    bench.order(sequence, { runCommand: [`echo $$ >${file}.tmp; mv ${file}.tmp ${file}`, line] }),
  );
  await until(() => existsSync(file), 'the script runs');
  return Number(readFileSync(file, 'utf8'));
}

test('outputs, codes and order of three steps', () =>
  withBench(async (bench) => {
    const first = await bench.perform(0, ['echo out', 'echo err >&2']);
    assert.deepEqual([first.exitCode, first.stdout.text, first.stderr.text], [0, 'out\n', 'err\n']);
    assert.equal(first.stdout.digest, createHash('sha256').update('out\n').digest('hex'));
    const second = await bench.perform(1, 'exit 7');
    assert.deepEqual([second.exitCode, second.stdout.bytes], [7, 0]);
    assert.equal((await bench.perform(2, 'kill -TERM $$')).exitCode, 143);
  }));

test('>/dev/stderr and tee /dev/stderr lose nothing', () =>
  withBench(async (bench) => {
    const { stdout, stderr } = await bench.perform(0, [
      'echo 1 >&2',
      'echo 2 >/dev/stderr',
      'echo 3 | tee /dev/stderr',
      'echo 4 >/dev/stdout',
    ]);
    assert.equal(stderr.text, '1\n2\n3\n');
    assert.equal(stdout.text, '3\n4\n');
  }));

test('the environment is exactly what the language lists', () =>
  withBench(async (bench) => {
    process.env['RECONCILED_SECRET'] = 'leaks';
    const { stdout } = await bench.perform(0, '#!/bin/cat /proc/self/environ', {
      environment: {
        FOO: "it's a 'test'\nof two lines",
        'odd.name': 'x',
        AWS_SSM_INSTANCE_ID: 'mine',
      },
    });
    delete process.env['RECONCILED_SECRET'];
    const environ = stdout.text.slice(0, stdout.text.indexOf('#!'));
    assert.deepEqual(environ.split('\0').sort(), [
      '',
      'AWS_SSM_INSTANCE_ID=mi-00000000000000001',
      'AWS_SSM_PLATFORM_NAME=Debian GNU/Linux',
      'AWS_SSM_PLATFORM_VERSION=12',
      'AWS_SSM_REGION_NAME=',
      "FOO=it's a 'test'\nof two lines",
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      `RECONCILED_ROOT=${bench.dir}`,
      'SSM_COMMAND_ID=association-1',
      'odd.name=x',
    ]);
  }));

test('variables that the shell keeps for itself reach the script, and no PATH hinders its start', () =>
  withBench(async (bench) => {
    const environment = {
      'APP-MODE': 'z',
      '-u': 'PATH',
      OPTIND: 'abc',
      PATH: '/opt/x/bin',
      PPID: '7',
      UID: '12',
      IFS: 'a',
      LINENO: 'q',
      SHELLOPTS: 'x',
      LC_ALL: 'xx_XX',
      PWD: '/nowhere',
    };
    const { exitCode, stdout, stderr } = await bench.perform(0, '#!/bin/cat /proc/self/environ', {
      environment,
    });
    const environ = stdout.text.slice(0, stdout.text.indexOf('#!')).split('\0');
    for (const [name, value] of Object.entries(environment))
      assert.ok(environ.includes(`${name}=${value}`), name);
    assert.deepEqual([exitCode, stderr.text], [0, '']);
    // dash itself ends of that one.
    const shell = await bench.perform(1, '/bin/echo hi', {
      environment: { ...environment, OPTIND: '1' },
    });
    assert.deepEqual([shell.exitCode, shell.stdout.text], [0, 'hi\n']);
  }));

test('nothing of a step reaches the next: variables, directory, umask', () =>
  withBench(async (bench) => {
    await bench.perform(0, ['export LEFT=1', 'cd /usr', 'umask 077']);
    const { stdout } = await bench.perform(1, 'echo "[$LEFT]"; pwd; umask');
    assert.equal(stdout.text, `[]\n${bench.dir}\n0022\n`);
  }));

test('variables named as the supervisor’s own reach the script and change nothing for it', () =>
  withBench(async (bench) => {
    const environment = {
      n: '7',
      slot: '5',
      opened: '',
      out: 'x',
      err: 'x',
      go: 'exit',
      lf: '-',
      code: '9',
    };
    const command = Object.keys(environment).map((name) => `printf '%s ' "$${name}"`);
    const said = `${Object.values(environment).join(' ')} `;
    for (const n of [0, 1, 2])
      assert.equal((await bench.perform(n, command, { environment })).stdout.text, said);
    const { exitCode, stdout } = await bench.perform(3, ['echo "[$n$out$lf$go]"', 'exit 4']);
    assert.deepEqual([exitCode, stdout.text], [4, '[]\n']);
  }));

test('a first line with #! chooses the interpreter; one that is missing is code 127', () =>
  withBench(async (bench) => {
    assert.equal(
      (await bench.perform(0, ['#!/bin/cat', 'hello'])).stdout.text,
      '#!/bin/cat\nhello\n',
    );
    assert.equal((await bench.perform(1, ['#!/no/such', 'x'])).exitCode, 127);
  }));

test('the working directory: absolute, below downloads, or the node’s own', () =>
  withBench(async (bench) => {
    const at = async (sequence: number, workingDirectory: string): Promise<string> => {
      const { stdout, failure } = await bench.perform(sequence, 'pwd', { workingDirectory });
      return failure === '' ? stdout.text.trim() : failure;
    };
    assert.equal(await at(0, '/usr'), '/usr');
    assert.equal(await at(1, 'sub'), bench.dir);
    assert.match(await at(2, '/no/such'), /^failed to run commands: .*\/no\/such/);
    const downloads = join(bench.dir, 'runs', run('1'), 'downloads');
    await mkdir(join(downloads, 'sub'), { recursive: true });
    assert.equal(await at(3, 'sub'), join(downloads, 'sub'));
    assert.equal(await at(4, ''), downloads);
    assert.equal(await at(5, '../..'), bench.dir);
  }));

test('a step that cannot be performed starts nothing, and the next one does', () =>
  withBench(async (bench) => {
    await bench.perform(0, 'true');
    const { exitCode, failure } = await bench.perform(1, 'true', { environment: ['N=5'] });
    assert.equal(exitCode, 1);
    assert.match(failure, /^Invalid format in plugin properties/);
    assert.equal((await bench.perform(2, 'echo again')).stdout.text, 'again\n');
  }));

test('aws:refreshAssociation needs no process: it says what it asks for', () =>
  withBench(async (bench) => {
    const asks = async (sequence: number, associationIds: readonly string[]) => {
      const order = bench.order(sequence, { associationIds });
      bench.executor.start({ ...order, action: 'aws:refreshAssociation' });
      const { refresh, stdout, exitCode } = (await bench.next('task-ended')).outcome;
      return [exitCode, refresh, stdout.text];
    };
    const said = 'have been requested to execute immediately';
    assert.deepEqual(await asks(0, ['']), [0, [], `All associations ${said}`]);
    assert.deepEqual(await asks(1, ['a', 'b']), [0, ['a', 'b'], `Associations [a b] ${said}`]);
    assert.equal((await asks(2, ['x'.repeat(129)]))[0], 1);
    assert.equal((await bench.perform(3, 'echo on')).stdout.text, 'on\n');
  }));

test('PowerShell gets a .ps1 with a byte-order mark and HOME=/; where there is none, the step says so', () =>
  withBench(async (bench) => {
    const perform = async (sequence: number) => {
      const order = bench.order(sequence, { runCommand: ['Write-Host hi'] });
      bench.executor.start({ ...order, action: 'aws:runPowerShellScript' });
      return (await bench.next('task-ended')).outcome;
    };
    if (!existsSync('/usr/bin/pwsh') && !existsSync('/usr/bin/powershell')) {
      const { failure } = await perform(0);
      assert.match(failure, /^failed to run commands: .*pwsh: no such file/);
    }
    const bin = join(bench.dir, 'usr', 'bin');
    await mkdir(bin, { recursive: true });
    await writeFile(join(bin, 'pwsh'), '#!/bin/sh\necho "$1 $HOME"; cat "$2"\n', { mode: 0o755 });
    const { stdout, exitCode } = await perform(1);
    assert.equal(exitCode, 0);
    assert.equal(stdout.text, '-f /\n\uFEFFWrite-Host hi\n');
  }));

test('docker is told to be known on two distributions only, and what is not built says so', () =>
  withBench(async (bench) => {
    const fails = async (sequence: number, action: string, inputs: JsonObject) => {
      bench.executor.start({ ...bench.order(sequence, inputs), action });
      return (await bench.next('task-ended')).outcome.failure;
    };
    const install = { action: 'Install', name: 'x' };
    const update = {
      agentName: 'amazon-ssm-agent',
      source: 'https://example.org/manifest.json',
      allowDowngrade: 'false',
    };
    assert.match(await fails(0, 'aws:configureDocker', install), /not Debian GNU\/Linux$/);
    assert.match(await fails(1, 'aws:configurePackage', install), /is not built in this version/);
    assert.match(await fails(2, 'aws:softwareInventory', install), /is not built in this version/);
    assert.match(await fails(3, 'aws:updateSsmAgent', update), /is not built in this version/);
    assert.match(await fails(4, 'aws:updateSsmAgent', {}), /agentName must be/);
    assert.match(
      await fails(5, 'aws:softwareInventory', { files: '{' }),
      /invalid or unrecognized input/,
    );
  }));

test('a storm of forks ends with its group', () =>
  withBench(async (bench) => {
    const file = join(bench.dir, 'pids');
    bench.executor.start(
      bench.order(0, {
        runCommand: [
          `i=0; while [ $i -lt 200 ]; do (echo 1 >>${file}; sleep 60) & i=$((i+1)); done; wait`,
        ],
      }),
    );
    await until(() => existsSync(file) && readFileSync(file).length >= 400, 'all are there');
    const pgid = supervisorOf(bench);
    bench.executor.kill(run('1'));
    assert.equal((await bench.next('task-ended')).outcome.exitCode, 137);
    await until(() => {
      try {
        process.kill(-pgid, 0);
        return false;
      } catch {
        return true;
      }
    }, 'nobody of the group is left');
  }));

test('files are private: folders 0700, scripts 0700, outputs 0600', () =>
  withBench(async (bench) => {
    await bench.perform(0, 'echo secret');
    const folder = join(bench.dir, 'runs', run('1'), 's0');
    const mode = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;
    assert.equal(await mode(folder), 0o700);
    assert.equal(await mode(join(folder, '0', '_script.sh')), 0o700);
    assert.equal(await mode(join(folder, 'out')), 0o600);
  }));

test('a step lasts until its pipes are closed: a child left behind belongs to it', () =>
  withBench(async (bench) => {
    const { stdout } = await bench.perform(0, '(sleep 0.2; echo late) & echo early');
    assert.equal(stdout.text, 'early\nlate\n');
    assert.equal(
      (await bench.perform(1, 'sleep 5 >/dev/null 2>&1 & echo free')).stdout.text,
      'free\n',
    );
  }));

test('a kill takes the whole tree, and the next step has a supervisor again', () =>
  withBench(async (bench) => {
    const pidFile = join(bench.dir, 'grandchild');
    const pid = await startWaiting(
      bench,
      0,
      `echo begun; sh -c 'sh -c "echo \\$\\$ >${pidFile}; sleep 60" & sleep 60' & sleep 60`,
    );
    await until(
      () => existsSync(pidFile) && readFileSync(pidFile, 'utf8') !== '',
      'the grandchild runs',
    );
    const grandchild = Number(readFileSync(pidFile, 'utf8'));
    const out = join(bench.dir, 'runs', run('1'), 's0', 'out');
    await until(() => readFileSync(out, 'utf8') === 'begun\n', 'what it wrote is collected');
    assert.ok(alive(pid) && alive(grandchild));
    bench.executor.kill(run('1'));
    const { outcome } = await bench.next('task-ended');
    assert.deepEqual([outcome.exitCode, outcome.stdout.text], [137, 'begun\n']);
    await until(() => !alive(pid) && !alive(grandchild), 'all are gone');
    assert.equal((await bench.perform(1, 'echo next')).stdout.text, 'next\n');
  }));

test('a kill that comes too late does not touch the next step', () =>
  withBench(async (bench) => {
    await bench.perform(0, 'true');
    bench.executor.kill(run('1'));
    assert.equal((await bench.perform(1, 'echo next')).stdout.text, 'next\n');
  }));

test('output beyond 64 MiB is drained and dropped; the step does not notice', () =>
  withBench(async (bench) => {
    const before = process.memoryUsage().rss;
    const { exitCode, stdout } = await bench.perform(
      0,
      'head -c 90000000 /dev/zero && echo fine >&2',
    );
    assert.equal(exitCode, 0);
    assert.equal(stdout.bytes, 64 * 1024 * 1024);
    assert.equal(stdout.text.length, 24_000);
    assert.match(stdout.tail, /\[what came after 67108864 bytes was not kept\]\n$/);
    assert.ok(process.memoryUsage().rss - before < 60 * 1024 * 1024, 'memory stays flat');
  }));

test('after much output the next step has room of its own, and what it writes is its own', () =>
  withBench(async (bench) => {
    await bench.perform(0, ['echo small', 'echo small >&2']);
    const big = await bench.perform(1, 'head -c 2000000 /dev/zero');
    assert.equal(big.stdout.bytes, 2_000_000);
    const next = await bench.perform(2, ['echo next', 'echo err >&2']);
    assert.deepEqual([next.stdout.text, next.stderr.text], ['next\n', 'err\n']);
    const names = await readdir(join(bench.dir, 'runs', run('1')));
    assert.deepEqual(names.sort(), ['s0', 's2']);
    const full = await bench.perform(3, 'head -c 90000000 /dev/zero >&2; echo out; echo $?');
    assert.deepEqual([full.stderr.bytes, full.stdout.text], [64 * 1024 * 1024, 'out\n0\n']);
    assert.equal((await bench.perform(4, 'echo after')).stdout.text, 'after\n');
  }));

test('more steps than a collector was told of at once', () =>
  withBench(async (bench) => {
    for (let n = 0; n < 140; n++) {
      const { stdout, exitCode } = await bench.perform(n, `echo ${n}; exit ${n % 7}`);
      assert.deepEqual([stdout.text, exitCode], [`${n}\n`, n % 7]);
    }
    assert.deepEqual(await readdir(join(bench.dir, 'runs', run('1'))), ['s0']);
  }));

test('endless output ends with the kill, and the disk holds 64 MiB of it', () =>
  withBench(async (bench) => {
    bench.executor.start(bench.order(0, { runCommand: ['yes'] }));
    const file = join(bench.dir, 'runs', run('1'), 's0', 'out');
    await until(() => existsSync(file), 'it writes');
    await delay(500);
    bench.executor.kill(run('1'));
    const { outcome } = await bench.next('task-ended');
    assert.equal(outcome.exitCode, 137);
    assert.ok(outcome.stdout.bytes <= 64 * 1024 * 1024);
  }));

test('a script that writes beside itself meets nothing of ours', () =>
  withBench(async (bench) => {
    const lines = ['cd "$(dirname "$0")"', 'ls', 'for f in out err 0.exit o0 1; do : >$f; done'];
    const { exitCode, stdout } = await bench.perform(0, lines);
    assert.deepEqual([exitCode, stdout.text], [0, '_script.sh\n']);
    assert.equal((await bench.perform(1, 'echo next')).stdout.text, 'next\n');
  }));

// --- scripts that remove what we keep of them

const lost = 'output lost: the file that held it is gone';
for (const c of [
  { name: 'the folder of its supervisor', what: '"$(dirname "$(dirname "$0")")"', out: lost },
  { name: 'its run folder', what: '"$(dirname "$(dirname "$(dirname "$0")")")"', out: lost },
  { name: 'all files of its supervisor', what: '"$(dirname "$(dirname "$0")")"/*', out: lost },
  { name: 'its exit file', what: '"$(dirname "$0").exit"', out: 'said\n' },
  { name: 'its own folder', what: '"$(dirname "$0")"', out: 'said\n', codeIsLeft: true },
]) {
  test(`a script that removes ${c.name} is told its own code, and the next one runs`, () =>
    withBench(async (bench) => {
      const first = await bench.perform(0, [`rm -rf ${c.what}`, 'echo said', 'exit 3']);
      assert.deepEqual([first.exitCode, first.stdout.text], [3, c.out]);
      const second = await bench.perform(1, ['echo next', 'exit 4']);
      assert.deepEqual([second.exitCode, second.stdout.text], [4, 'next\n']);
    }));

  test(`a script that removed ${c.name} when its agent died is waited for, and never starts again`, () =>
    withBench(async (bench, again) => {
      const pid = await startWaiting(
        bench,
        0,
        `rm -rf ${c.what}; echo >${bench.dir}/gone; sleep 0.5`,
      );
      await until(() => existsSync(join(bench.dir, 'gone')), 'it has removed them');
      const supervisor = supervisorOf(bench);
      await bench.leave();
      const next = again();
      next.executor.adopt(next.order(0, { runCommand: [] }), { rebooted: false });
      const { outcome } = await next.next('task-ended');
      assert.equal(outcome.exitCode, 'codeIsLeft' in c ? 0 : null);
      assert.ok(!alive(pid), 'it was waited for');
      await until(() => !hasMembers(supervisor), 'no supervisor and no collector is left');
      assert.equal((await next.perform(1, 'echo next')).stdout.text, 'next\n');
    }));
}

test('a script that removes everything, its supervisor’s name too, is never taken for unborn', () =>
  withBench(async (bench, again) => {
    const [go, gone] = [join(bench.dir, 'go'), join(bench.dir, 'gone')];
    const wait = `until [ -e ${go} ]; do sleep 0.05; done`;
    await startWaiting(bench, 0, `${wait}; rm -rf ${bench.dir}/runs; echo >${gone}; sleep 60`);
    const supervisor = supervisorOf(bench);
    await writeFile(go, '');
    await until(() => existsSync(gone), 'it has removed them');
    await bench.leave();
    const next = again();
    next.executor.adopt(next.order(0, { runCommand: [] }), { rebooted: false });
    assert.equal((await next.next('task-ended')).outcome.exitCode, null);
    process.kill(-supervisor, 'SIGKILL');
  }));

test('a folder of a later supervisor that a script removed: what an earlier one says of that task is no longer true', () =>
  withBench(async (bench, again) => {
    await bench.perform(0, 'head -c 2000000 /dev/zero');
    await startWaiting(
      bench,
      1,
      `rm -rf "$(dirname "$(dirname "$0")")"; echo >${bench.dir}/gone; sleep 0.3`,
    );
    await until(() => existsSync(join(bench.dir, 'gone')), 'it has removed it');
    assert.equal(
      readFileSync(join(bench.dir, 'runs', run('1'), 's0', '1.exit'), 'utf8'),
      'waiting\n',
    );
    await bench.leave();
    const next = again();
    next.executor.adopt(next.order(1, { runCommand: [] }), { rebooted: false });
    assert.equal((await next.next('task-ended')).outcome.exitCode, null);
  }));

// --- an executor that follows another -------------------------------------------------------------------------

test('adopted alive: the end and the output are seen', () =>
  withBench(async (bench, again) => {
    await bench.perform(0, 'echo zero');
    await startWaiting(bench, 1, 'sleep 0.4; echo one; exit 5');
    await bench.leave();
    const next = again();
    next.executor.adopt(next.order(1, { runCommand: [] }), { rebooted: false });
    const { outcome } = await next.next('task-ended');
    assert.deepEqual([outcome.exitCode, outcome.stdout.text], [5, 'one\n']);
    assert.equal((await next.perform(2, 'echo two')).stdout.text, 'two\n');
  }));

test('adopted: its output begins where that of the step before it ended', () =>
  withBench(async (bench, again) => {
    await bench.perform(0, ['echo before', 'echo before >&2']);
    const pid = await startWaiting(bench, 1, 'echo mine; echo mine too >&2; sleep 0.1; exit 3');
    await bench.leave();
    await until(() => !alive(pid), 'it has ended');
    const next = again();
    next.executor.adopt(next.order(1, { runCommand: [] }), { rebooted: false });
    const { exitCode, stdout, stderr } = (await next.next('task-ended')).outcome;
    assert.deepEqual([exitCode, stdout.text, stderr.text], [3, 'mine\n', 'mine too\n']);
  }));

test('ended meanwhile: the exit file says how', () =>
  withBench(async (bench, again) => {
    const pid = await startWaiting(bench, 0, 'sleep 0.1; exit 9');
    await bench.leave();
    await until(() => !alive(pid), 'it has ended');
    const next = again();
    next.executor.adopt(next.order(0, { runCommand: [] }), { rebooted: false });
    assert.equal((await next.next('task-ended')).outcome.exitCode, 9);
  }));

test('both gone: nobody knows, and what was written is kept', () =>
  withBench(async (bench, again) => {
    await startWaiting(bench, 0, 'echo half; sleep 60');
    const folder = join(bench.dir, 'runs', run('1'), 's0');
    await until(() => readFileSync(join(folder, 'out'), 'utf8') === 'half\n', 'it wrote');
    await bench.leave();
    process.kill(-supervisorOf(bench), 'SIGKILL');
    const next = again();
    next.executor.adopt(next.order(0, { runCommand: [] }), { rebooted: false });
    const { outcome } = await next.next('task-ended');
    assert.deepEqual([outcome.exitCode, outcome.stdout.text], [null, 'half\n']);
  }));

test('a supervisor that was killed alone takes its step with it', () =>
  withBench(async (bench, again) => {
    const script = await startWaiting(bench, 0, 'sleep 60');
    await bench.leave();
    const pid = supervisorOf(bench);
    process.kill(pid, 'SIGKILL');
    await until(() => !alive(pid), 'the supervisor is gone');
    assert.ok(alive(script));
    const next = again();
    next.executor.adopt(next.order(0, { runCommand: [] }), { rebooted: false });
    assert.equal((await next.next('task-ended')).outcome.exitCode, null);
    await until(() => !alive(script), 'the step is gone too');
  }));

for (const c of [
  { name: 'is started as it stands', lines: ['echo ahead'], want: 'ahead\n' },
  {
    name: 'is written again when it turns out otherwise',
    lines: ['echo otherwise'],
    want: 'otherwise\n',
  },
]) {
  test(`what is prepared while a task runs ${c.name}`, () =>
    withBench(async (bench) => {
      const go = join(bench.dir, 'go');
      await startWaiting(bench, 0, `until [ -s ${go} ]; do sleep 0.05; done; cat ${go}`);
      bench.executor.prepare(bench.order(1, { runCommand: ['echo ahead'] }));
      const folder = join(bench.dir, 'runs', run('1'), 's0');
      assert.match(readFileSync(join(folder, '1', '_script.sh'), 'utf8'), /echo ahead/);
      await writeFile(go, 'go');
      assert.equal((await bench.next('task-ended')).outcome.stdout.text, 'go');
      assert.equal((await bench.perform(1, c.lines)).stdout.text, c.want);
    }));
}

test('what was only prepared never began', () =>
  withBench(async (bench, again) => {
    await startWaiting(bench, 0, 'sleep 0.3');
    bench.executor.prepare(bench.order(1, { runCommand: ['echo ahead'] }));
    const supervisor = supervisorOf(bench);
    await bench.leave();
    const next = again();
    next.executor.adopt(next.order(0, { runCommand: [] }), { rebooted: false });
    assert.equal((await next.next('task-ended')).outcome.exitCode, 0);
    await until(() => !hasMembers(supervisor), 'no supervisor and no collector is left');
    next.executor.adopt(next.order(1, { runCommand: [] }), { rebooted: false });
    assert.equal((await next.next('task-unborn')).kind, 'task-unborn');
  }));

/** The next executor finds two tasks of which the first has ended; the second was told to go before the first one's end was written down. */
async function tellBoth(bench: Bench, second: readonly string[]): Promise<void> {
  await bench.perform(0, ['echo one', 'echo one too >&2', 'exit 0']);
  const file = join(bench.dir, 'second');
  bench.executor.start(bench.order(1, { runCommand: [`echo $$ >${file}`, ...second] }));
  await until(() => existsSync(file), 'the second runs');
}

test('ended, and the next one runs already: each has its own code and its own output', () =>
  withBench(async (bench, again) => {
    await tellBoth(bench, ['echo two', 'echo two too >&2', 'sleep 0.4', 'exit 7']);
    await until(
      () => readFileSync(join(bench.dir, 'runs', run('1'), 's0', 'out'), 'utf8') === 'one\ntwo\n',
      'both have written',
    );
    await bench.leave();
    const next = again();
    next.executor.adopt(next.order(0, { runCommand: [] }), { rebooted: false });
    const first = (await next.next('task-ended')).outcome;
    assert.deepEqual([first.exitCode, first.stdout.text], [0, 'one\n']);
    assert.equal(first.stderr.text, 'one too\n');
    next.executor.adopt(next.order(1, { runCommand: [] }), { rebooted: false });
    const second = (await next.next('task-ended')).outcome;
    assert.deepEqual([second.exitCode, second.stdout.text], [7, 'two\n']);
    assert.equal(second.stderr.text, 'two too\n');
    assert.equal((await next.perform(2, 'echo three')).stdout.text, 'three\n');
  }));

test('a kill that comes between the end of one and the adoption of the next is of the next alone', () =>
  withBench(async (bench, again) => {
    await tellBoth(bench, ['sleep 60']);
    await bench.leave();
    const next = again();
    next.executor.adopt(next.order(0, { runCommand: [] }), { rebooted: false });
    next.executor.kill(run('1'));
    assert.equal((await next.next('task-ended')).outcome.exitCode, 0);
    next.executor.adopt(next.order(1, { runCommand: [] }), { rebooted: false });
    next.executor.kill(run('1'));
    assert.equal((await next.next('task-ended')).outcome.exitCode, null);
  }));

test('a word to go that nobody has read yet: it is waited for, and the task begins', () =>
  withBench(async (bench, again) => {
    await bench.perform(0, 'true');
    const supervisor = supervisorOf(bench);
    process.kill(supervisor, 'SIGSTOP');
    bench.executor.start(bench.order(1, { runCommand: ['echo late'] }));
    await bench.leave();
    const next = again();
    next.executor.adopt(next.order(0, { runCommand: [] }), { rebooted: false });
    assert.equal((await next.next('task-ended')).outcome.exitCode, 0);
    next.executor.adopt(next.order(1, { runCommand: [] }), { rebooted: false });
    await delay(250);
    process.kill(supervisor, 'SIGCONT');
    const { exitCode, stdout } = (await next.next('task-ended')).outcome;
    assert.deepEqual([exitCode, stdout.text], [0, 'late\n']);
  }));

test('the word to go under a supervisor of its own, after much output: found there, and the end of the one before too', () =>
  withBench(async (bench, again) => {
    await bench.perform(0, 'head -c 2000000 /dev/zero');
    const pid = await startWaiting(bench, 1, 'echo second; sleep 0.1; exit 3');
    await bench.leave();
    await until(() => !alive(pid), 'it has ended');
    const next = again();
    next.executor.adopt(next.order(0, { runCommand: [] }), { rebooted: false });
    const first = (await next.next('task-ended')).outcome;
    assert.deepEqual([first.exitCode, first.stdout.bytes], [0, 2_000_000]);
    next.executor.adopt(next.order(1, { runCommand: [] }), { rebooted: false });
    const second = (await next.next('task-ended')).outcome;
    assert.deepEqual([second.exitCode, second.stdout.text], [3, 'second\n']);
  }));

test('made ready and never begun: said for certain, and it starts in that place all the same', () =>
  withBench(async (bench, again) => {
    bench.executor.makeReady(bench.order(0, { runCommand: [] }));
    await bench.leave();
    const next = again();
    next.executor.adopt(next.order(0, { runCommand: [] }), { rebooted: false });
    await next.next('task-unborn');
    assert.equal((await next.perform(0, 'echo begun')).stdout.text, 'begun\n');
  }));

test('what ended while nobody looked ended then, not when somebody came', () =>
  withBench(async (bench, again) => {
    const pid = await startWaiting(bench, 0, 'true');
    await bench.leave();
    await until(() => !alive(pid), 'it has ended');
    await delay(300);
    const next = again();
    next.executor.adopt(next.order(0, { runCommand: [] }, instant(Date.now() - 60_000)), {
      rebooted: false,
    });
    const { finishedAt } = (await next.next('task-ended')).outcome;
    assert.ok(Date.now() - finishedAt >= 250, 'some time ago');
    assert.ok(Number.isInteger(finishedAt), 'as messages have it');
  }));

test('nothing is left that says it never began: nobody knows how it ended', () =>
  withBench(async (bench) => {
    bench.executor.adopt(bench.order(0, { runCommand: [] }), { rebooted: false });
    assert.equal((await bench.next('task-ended')).outcome.exitCode, null);
  }));

test('what needs no process changes nothing, and is done again', () =>
  withBench(async (bench) => {
    for (const action of ['aws:refreshAssociation', 'aws:runDocument']) {
      const order = { ...bench.order(0, {}), action };
      bench.executor.adopt(order, { rebooted: false });
      assert.equal((await bench.next('task-unborn')).kind, 'task-unborn');
    }
  }));

test('after a reboot nothing is waited for, and a foreign process of the same number is left alone', () =>
  withBench(async (bench) => {
    const folder = join(bench.dir, 'runs', run('1'), 's0');
    await mkdir(folder, { recursive: true });
    const line = `${process.pid} 12345 ${run('1')} 0\n`;
    await writeFile(join(bench.dir, 'runs', 'supervisor'), line);
    await writeFile(join(folder, '0.exit'), 'waiting\n0 0\n');
    for (const rebooted of [true, false]) {
      bench.executor.adopt(bench.order(0, { runCommand: [] }), { rebooted });
      assert.equal((await bench.next('task-ended')).outcome.exitCode, null);
    }
  }));

test('the time-out of an adopted step counts from its start', () =>
  withBench(async (bench, again) => {
    await startWaiting(bench, 0, 'sleep 60');
    await bench.leave();
    const next = again();
    const startedAt = instant(Date.now() - 4_900);
    next.executor.adopt(next.order(0, { runCommand: [], timeoutSeconds: 5 }, startedAt), {
      rebooted: false,
    });
    await next.next('task-deadline');
    next.executor.kill(run('1'));
    assert.equal((await next.next('task-ended')).outcome.exitCode, null);
  }));

test('no supervisor and no collector is left when the run is over and the executor leaves', () =>
  withBench(async (bench) => {
    await bench.perform(0, 'true');
    const folder = join(bench.dir, 'runs', run('1'), 's0');
    const pgid = supervisorOf(bench);
    bench.executor.release(run('1'));
    await until(() => !hasMembers(pgid), 'all of its group are gone');
    assert.deepEqual((await readdir(folder)).sort(), [
      '0',
      '0.exit',
      '0.run',
      '1.exit',
      'err',
      'out',
    ]);
    await bench.leave();
    assert.deepEqual(await readdir(join(bench.dir, 'runs')), [run('1')]);
  }));
