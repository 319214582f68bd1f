import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DIFFERENCES } from '../core/document/differences.ts';
import { testDocumentVectors } from './document-vectors.ts';

testDocumentVectors('document-runs', {
  differences: DIFFERENCES['document-runs, executed'] ?? {},
  // These wait for five seconds and more; script-timeouts.json has their rule.
  skip: new Set(['step-level-timeout', 'timeout-low', 'onfailure-timeout', 'v12-timeout-list']),
});

testDocumentVectors('run-document-runs');

testDocumentVectors('download-content-inputs');

/** Prints each argument in brackets, as the stand-in of the measurements did. */
testDocumentVectors('docker-action-runs', {
  adapt(document, root) {
    const bin = join(root, 'usr', 'bin');
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, 'docker'), '#!/bin/sh\nprintf "[%s]" "$@"; echo\n');
    chmodSync(join(bin, 'docker'), 0o755);
    return document;
  },
});

testDocumentVectors('other-action-inputs');
