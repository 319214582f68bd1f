import { testDocumentVectors } from './document-vectors.ts';

/** Where we differ from the reference, and why (spec/documents.md §3.6, §9, contract §6). */
testDocumentVectors('document-runs', {
  differences: {
    nested: 'a list in the list is flattened one level',
    strcmd: 'a bare text is a list of one line',
    missing: 'a missing required parameter fails before the first step',
    unknown20: 'a step that failed before it ran is reported with code 1',
    psmod20: 'as unknown20',
    pre20: 'as unknown20',
    'unknown-with-true-precondition': 'as unknown20',
    'windows-only-plugins-20': 'as unknown20',
    'v12-unknown': 'as unknown20',
    noname: 'a step has a name',
    'name-with-colon': 'a step name follows its grammar',
    'name-with-slash': 'as name-with-colon',
    both: 'mainSteps beside runtimeConfig is refused',
    'id-env': 'our ids, our platform, no region',
    'env-agent-vars': 'as id-env, and no variable of the agent’s own',
    'reboot-194': 'document run restarts no machine: Failed, and nothing later runs',
    'bad-interpreter': 'the same code, the words of another shell',
  },
  // These wait for five seconds and more; script-timeouts.json has their rule.
  skip: new Set(['step-level-timeout', 'timeout-low', 'onfailure-timeout', 'v12-timeout-list']),
});

testDocumentVectors('run-document-runs', {
  differences: {
    'rundoc-failing-sub': 'a failed inner document gives code 1, not 0',
    'rundoc-onfailure': 'as rundoc-failing-sub',
    'rundoc-invalid-doc': 'our own words for a version that is refused, with what to do',
    'rundoc-automation': 'as rundoc-invalid-doc',
  },
});

testDocumentVectors('download-content-inputs');
