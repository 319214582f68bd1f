import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Record } from '../../../src/core/world/records.ts';
import {
  assigned,
  connected,
  executionOf,
  finished,
  foundation,
  inForce,
  registered,
} from '../../fakes/builders.ts';
import { runs } from '../../fakes/runs.ts';
import { hostileText } from './hostile.ts';
import { countOf, shapeOf } from './markdown.ts';
import { rendered, viewOf } from './views.ts';

type Said = {
  readonly host: string;
  readonly name: string;
  readonly tail: string;
  readonly summary: string;
  readonly step: string;
};

/** One node that fails and tells about it, and one that never comes back. */
function pages(said: Said): ReadonlyMap<string, string> {
  const execution = executionOf('web-motd', [1, 2]);
  const records: readonly Record[] = [
    ...foundation,
    registered(1, { name: said.name }),
    registered(2, { name: said.name }),
    connected(1, { hostname: said.host, platformName: said.name, agentVersion: said.host }),
    inForce('web-motd'),
    assigned('web-motd', [1, 2]),
    execution,
    finished(execution, 1, {
      status: 'Failed',
      summary: said.summary,
      failedStep: said.step,
      outputTail: said.tail,
    }),
  ];
  return rendered(viewOf(records));
}

test('T27: nothing that a node says becomes structure of a page, or breaks a file', () => {
  const benign = pages({ host: 'a', name: 'b', tail: 'c', summary: 'd', step: 'e' });
  fc.assert(
    fc.property(
      hostileText,
      hostileText,
      hostileText,
      hostileText,
      hostileText,
      (host, name, tail, summary, step) => {
        const files = pages({ host, name, tail: `x${tail}`, summary: `x${summary}`, step });
        assert.deepEqual([...files.keys()], [...benign.keys()]);
        for (const [path, text] of files) {
          const usual = benign.get(path) ?? '';
          if (path.endsWith('.md')) {
            assert.deepEqual(shapeOf(text), shapeOf(usual), path);
            assert.equal(countOf(text, 'html', 'image'), 0);
            assert.equal(countOf(text, 'link'), countOf(usual, 'link'));
          } else {
            assert.deepEqual(
              Object.keys(JSON.parse(text) as object),
              Object.keys(JSON.parse(usual) as object),
            );
            assert.equal(
              text.split('\n').length,
              usual.split('\n').length,
              `${path} has as many lines`,
            );
          }
        }
      },
    ),
    { numRuns: runs(500) },
  );
});
