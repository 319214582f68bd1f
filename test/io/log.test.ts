import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { test } from 'node:test';
import { openLog, silentLog } from '../../src/io/log.ts';

function captured(level: 'info' | 'debug' = 'info') {
  const lines: string[] = [];
  const log = openLog({ level, destination: { write: (line: string) => void lines.push(line) } });
  return {
    log,
    lines,
    last: () => JSON.parse(lines.at(-1) ?? '{}') as { [name: string]: unknown },
  };
}

test('a line is an event name and fields, below the level nothing', () => {
  const { log, lines, last } = captured();
  log.debug({ x: 1 }, 'unseen');
  assert.equal(lines.length, 0);
  log.child({ revision: 'abc' }).info({ count: 2 }, 'revision accepted');
  assert.deepEqual(
    [last()['revision'], last()['count'], last()['msg']],
    ['abc', 2, 'revision accepted'],
  );
});

test('secrets never reach a line, at the top or one level below', () => {
  const { log, lines } = captured();
  log.warn(
    { password: 'canary', request: { authorization: 'canary' }, token: 'canary' },
    'refused',
  );
  assert.ok(!lines.join('').includes('canary'));
  assert.match(lines.join(''), /\[redacted\]/);
});

test('the silent log is silent', () => {
  silentLog.child({}).error({}, 'nothing');
});

test('the code of an error is no secret: it is what one searches for', () => {
  const { log, last } = captured();
  log.warn({ code: 'SOURCE_UNREACHABLE' }, 'source not read');
  assert.equal(last()['code'], 'SOURCE_UNREACHABLE');
});

test('a log that cannot be written stops nobody', () => {
  const text = [
    `import { openLog } from ${JSON.stringify(new URL('../../src/io/log.ts', import.meta.url).href)};`,
    "const log = openLog({ level: 'info' });",
    "for (let i = 0; i < 3; i++) log.info({ i }, 'daemon ready');",
    "process.stderr.write('went on\\n');",
  ].join('\n');
  const full = openSync('/dev/full', 'w');
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '--eval', text],
    { stdio: ['ignore', full, 'pipe'], encoding: 'utf8', timeout: 60_000 },
  );
  closeSync(full);
  assert.equal(status, 0);
  assert.match(stderr, /^the log cannot be written: ENOSPC.*\nwent on\n$/);
});
