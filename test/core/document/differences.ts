/** Where we differ from the measured reference, by vector file and case, each with its reason (spec/documents.md §9). */
export const DIFFERENCES: { readonly [file: string]: { readonly [id: string]: string } } = {
  'association-parameters': {
    'association-parameters-007': 'an Integer given as text is taken, not dropped',
    'association-parameters-009': 'a MapList given as text is taken, not dropped',
    'association-parameters-011': 'an Integer given as text is taken, not dropped',
  },
  'corpus-documents': {
    'awsdocs--documents-schemas-features-cb8.json required-only':
      'booleans in allowedValues are accepted, as the guide writes them',
    'getmoto--tests-test_ssm-test_templates-good.yaml required-only':
      'a map as default is fine in YAML too, so the next fault of the document is told',
  },
  'document-parse': {
    'document-parse-029': 'p has no default and no value: the run fails before its first step',
    'document-parse-033': 'booleans in allowedValues are accepted, as the guide writes them',
    'document-parse-035': 'p has no default and no value: the run fails before its first step',
    'document-parse-037': 'p has no default and no value: the run fails before its first step',
    'document-parse-049': 'a step without action is refused',
    'document-parse-063': 'a repeated key is refused',
  },
  'document-parse-yaml': {
    'document-parse-yaml-013': 'a repeated key is refused',
  },
  'document-runs': {
    nested: 'a StringList inside a list is flattened',
    strcmd: 'a bare text is a script of one line',
    missing: 'a document that lacks a value fails before its first step',
    noname: 'a step without name is refused',
    both: 'runtimeConfig in 2.x is refused',
    'param-in-step-name-not-replaced': 'a token is no name of a step',
    'name-with-slash': 'a slash in a step name is refused',
    'name-with-colon': 'a colon in a step name is refused',
  },
  'document-runs, executed': {
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
  'docker-action-runs': {
    'docker-run': 'no leftover of debugging (pluginInput.Volume) before the output',
    'docker-inspect-image': 'docker is not given an empty name',
  },
  'other-action-inputs': {
    'inventory-outside-association': 'inventory is not built, and says so',
    'refresh-all': 'what is asked for is the output of the step',
    'refresh-ids': 'as refresh-all',
  },
  'run-document-runs': {
    'rundoc-failing-sub': 'a failed inner document gives code 1, not 0',
    'rundoc-onfailure': 'as rundoc-failing-sub',
    'rundoc-invalid-doc': 'our own words for a version that is refused, with what to do',
    'rundoc-automation': 'as rundoc-invalid-doc',
  },
  'parameter-validation': {
    'parameter-validation-019': 'a pattern that cannot be compiled is refused with the document',
    'parameter-validation-043': 'references are resolved before the check, which is not asked here',
    'parameter-validation-077':
      'an Integer is judged by type and allowedValues, not by equality with its default',
    'parameter-validation-079':
      'an Integer is judged by type and allowedValues, not by equality with its default',
    'parameter-validation-081':
      'an Integer is judged by type and allowedValues, not by equality with its default',
    'parameter-validation-085': 'a Boolean is judged by type, not by equality with its default',
    'parameter-validation-087': 'a Boolean is judged by type, not by equality with its default',
  },
  'schedule-expressions': {
    'schedule-expressions-021': 'the unit must fit the number, as State Manager demands (H-11)',
    'schedule-expressions-041':
      'weekdays count from SUN = 1, as State Manager has it: 5L is Thursday',
    'schedule-expressions-045': 'weekday 0 is refused: weekdays are 1 to 7',
    'schedule-expressions-047': 'weekday 1 is Sunday, as State Manager has it',
    'schedule-expressions-053': 'five fields are refused: State Manager needs the year',
    'schedule-expressions-067': 'eight fields are refused',
    'schedule-expressions-069': 'Monday is refused, the hint says MON',
    'schedule-expressions-073': 'both day fields are refused: one of them must be ?',
  },
};

/**
 * Vector files that no test judges yet: nothing here does what they measure. Each reason says what that is. A test that judges one
 * takes it off.
 */
export const UNJUDGED: { readonly [file: string]: string } = {
  'architecture-names':
    'the architecture that an inventory item names; inventory is gathered by no plugin here (aws:softwareInventory fails and says so)',
  'custom-inventory-files':
    'files of custom inventory and what an agent makes of them; no inventory is gathered, and compliance items come through a folder of their own',
  'inventory-merge':
    'one list of applications out of two package managers; no list of applications is gathered',
  'inventory-text-cleanup':
    'fields of package managers as JSON texts; no list of applications is gathered',
  lscpu: 'AWS:InstanceDetailedInformation out of the text of lscpu; no inventory is gathered',
  'package-selection':
    'which archive of a package manifest fits a platform; packages are installed by no plugin here (aws:configurePackage fails and says so)',
  'version-compare':
    'versions compared when lists of applications are merged and when a package or the agent is updated; none of these is built',
};
