/** Builders that hide what is not the point of a test. */
import assert from 'node:assert/strict';
import { KNOWN_ACTIONS } from '../../../src/core/document/actions.ts';
import { parseDocument } from '../../../src/core/document/parse.ts';
import type { RunContext } from '../../../src/core/document/prepared.ts';
import type { Document } from '../../../src/core/model/document.ts';
import type { Json, JsonObject } from '../../../src/core/model/json.ts';

export const allHandlers: ReadonlySet<string> = KNOWN_ACTIONS;

export const onLinux: RunContext = {
  platformType: 'Linux',
  handlers: allHandlers,
  store: () => null,
};

/** A step that runs `true`. */
export const anyStep: JsonObject = {
  action: 'aws:runShellScript',
  name: 'step',
  inputs: { runCommand: ['true'] },
};

/** The document with these parts, one step by default; fails the test when it is refused. */
export function documentWith(parts: { readonly [key: string]: Json }): Document {
  const content = { schemaVersion: '2.2', mainSteps: [anyStep], ...parts };
  const { document, problems } = parseDocument(JSON.stringify(content), { file: 'd.json' });
  assert.ok(
    document !== null,
    JSON.stringify(problems.filter(({ severity }) => severity === 'error')),
  );
  return document;
}

/** One script step with these inputs. */
export function scriptWith(
  inputs: JsonObject,
  parts: { readonly [key: string]: Json } = {},
): Document {
  return documentWith({ mainSteps: [{ ...anyStep, inputs }], ...parts });
}
