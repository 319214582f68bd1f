import { DIFFERENCES } from '../core/document/differences.ts';
import { testDocumentVectors } from './document-vectors.ts';

testDocumentVectors('document-runs', {
  differences: DIFFERENCES['document-runs, executed'] ?? {},
  // These wait for five seconds and more; script-timeouts.json has their rule.
  skip: new Set(['step-level-timeout', 'timeout-low', 'onfailure-timeout', 'v12-timeout-list']),
});

testDocumentVectors('run-document-runs');

testDocumentVectors('download-content-inputs');
