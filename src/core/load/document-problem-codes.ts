/** Codes of the document language, apart from the other kinds of files. */
export const DOCUMENT_PROBLEM_CODES: {
  readonly [code: string]: { readonly meaning: string; readonly remedy: string };
} = {
  'action-not-built': {
    meaning: 'A step uses an action of AWS that this program does not perform yet.',
    remedy: 'Use an action that is built; aws:runShellScript can do most of it.',
  },
  'allowed-values-not-text': {
    meaning:
      'An allowed value is a number or a boolean. It is read as its text; nodes of State Manager refuse such a document in JSON.',
    remedy: 'Put the values in quotes.',
  },
  'cannot-run': {
    meaning: 'With these parameters the document would fail before its first step.',
    remedy: 'Do what the message says.',
  },
  'default-not-allowed': {
    meaning: 'The default of a parameter breaks the rules of that same parameter.',
    remedy: 'Choose a default that is allowed.',
  },
  'default-type': {
    meaning: 'The default of a parameter is of another type than the parameter.',
    remedy: 'Write a default of that type.',
  },
  'duplicate-step-name': {
    meaning: 'Two steps of a document have the same name.',
    remedy: 'Rename one of them.',
  },
  'empty-line': {
    meaning:
      'A line of a script is nothing, since YAML takes it for a comment. It is run as an empty line.',
    remedy: 'Put the whole line in quotes.',
  },
  'empty-script': {
    meaning: 'A script has no lines.',
    remedy: 'Write a script, or remove the step.',
  },
  'env-var-quoted': {
    meaning:
      'A token of an ENV_VAR parameter stands in single quotes, where the shell reads no variable.',
    remedy: 'Write it in double quotes.',
  },
  'fails-on-platform': {
    meaning:
      'A step of schemaVersion 1.2 or 2.0 uses an action that the platform lacks, so it fails there.',
    remedy: 'Use schemaVersion 2.2, where it is skipped.',
  },
  'further-documents': {
    meaning: 'A file that holds one definition holds several.',
    remedy: 'Put each into a file of its own.',
  },
  'ignored-input': {
    meaning: 'An input of a step has no effect where it stands.',
    remedy: 'Remove it.',
  },
  'interpolation-type': {
    meaning: 'interpolationType is something other than ENV_VAR.',
    remedy: 'Write ENV_VAR, or leave it out.',
  },
  'limit-ignored': {
    meaning: 'A limit of a parameter has no effect on its type.',
    remedy: 'Remove it.',
  },
  'no-steps': {
    meaning: 'The document has no steps.',
    remedy: 'Add mainSteps with at least one step; with schemaVersion 1.2, runtimeConfig.',
  },
  'not-for-platform': {
    meaning: 'No step of the document runs on the platform.',
    remedy: 'Target nodes of another platform, or add a step.',
  },
  'null-entry': {
    meaning: 'An entry is empty.',
    remedy: 'Write it out, or remove it.',
  },
  'not-text': {
    meaning:
      'A line of a script or the value of an environment variable is a number or the like. Nodes refuse the step.',
    remedy: 'Put it in quotes.',
  },
  'parameter-items': {
    meaning: 'A list has too few or too many items for its parameter.',
    remedy: 'Stay within minItems and maxItems.',
  },
  'parameter-length': {
    meaning: 'A value has too few or too many characters for its parameter.',
    remedy: 'Stay within minChars and maxChars.',
  },
  'parameter-missing': {
    meaning: 'The document requires a parameter that the association does not give.',
    remedy: 'Add it under Parameters.',
  },
  'parameter-name': {
    meaning: 'The name of a parameter is not made of letters and digits.',
    remedy: 'Rename it.',
  },
  'parameter-not-allowed': {
    meaning: 'A value is not among the allowedValues of its parameter.',
    remedy: 'Choose one of them.',
  },
  'parameter-pattern': {
    meaning: 'A value does not match the allowedPattern of its parameter.',
    remedy: 'Write a value that matches.',
  },
  'parameter-reference': {
    meaning: 'A reference to the Parameter Store cannot be used as this parameter.',
    remedy:
      'Name an entry of the Parameter Store that exists and is of the type of this parameter.',
  },
  'parameter-type': {
    meaning: 'A value does not read as the type of its parameter.',
    remedy: 'Write a value of that type.',
  },
  'parameter-type-missing': {
    meaning: 'A parameter of a document has no type.',
    remedy: 'Add type: String.',
  },
  'parameter-type-unknown': {
    meaning: 'A parameter of a document has an unknown type.',
    remedy: 'Choose one of those named.',
  },
  'parameter-undeclared': {
    meaning: 'The association gives a parameter that the document does not declare.',
    remedy: 'Correct the name, or remove it.',
  },
  'pattern-invalid': {
    meaning: 'A pattern is no regular expression.',
    remedy: 'Repair it.',
  },
  'pattern-unsupported': {
    meaning: 'A pattern uses look-around or back-references, which nodes refuse (RE2).',
    remedy: 'Write it without them.',
  },
  'platform-unknown': {
    meaning: 'A precondition names a platform that does not exist, so its step never runs.',
    remedy: 'Write Linux, Windows or MacOS.',
  },
  precondition: {
    meaning: 'A precondition is not understood; nodes would fail the step.',
    remedy:
      'Write StringEquals with two different operands, one of them platformType or a parameter of type String.',
  },
  'reference-unresolved': {
    meaning:
      'A reference to the Parameter Store is not looked up, because no repository was named. It stays as written.',
    remedy: 'Name one with --repo.',
  },
  'runtime-config': {
    meaning: 'runtimeConfig of a 1.2 document does not have the form of actions with properties.',
    remedy: 'Follow the form of AWS, or write schemaVersion 2.2.',
  },
  'schema-version': {
    meaning: 'schemaVersion is unknown.',
    remedy: 'Write schemaVersion: "2.2".',
  },
  'schema-version-missing': {
    meaning: 'schemaVersion is missing.',
    remedy: 'Begin with schemaVersion: "2.2".',
  },
  'schema-version-not-executable': {
    meaning: 'The document is of a kind that nodes do not run.',
    remedy: 'Use schemaVersion "2.2".',
  },
  'schema-version-old': {
    meaning: 'The document is of a version that AWS takes no more, and is read as the next one.',
    remedy: 'Use schemaVersion "2.2".',
  },
  'script-shape': {
    meaning: 'A script input is neither a text nor a list of texts.',
    remedy: 'Write a list of lines.',
  },
  'secret-stays-text': {
    meaning:
      'A {{ssm-secure:…}} stands in a script or in its inputs, where it stays this very text.',
    remedy:
      'Declare a String parameter with interpolationType: ENV_VAR, give that the reference, and use it in runCommand.',
  },
  'step-action-missing': {
    meaning: 'A step has no action.',
    remedy: 'Add one, such as aws:runShellScript.',
  },
  'step-name': {
    meaning: 'A step has no name, or one that is not allowed.',
    remedy: 'Use letters, digits, dashes and underscores.',
  },
  'step-name-short': {
    meaning: 'The name of a step is shorter than AWS allows.',
    remedy: 'Use three characters or more.',
  },
  'text-in-script': {
    meaning: 'A parameter is put into a script as text, so its value can become code.',
    remedy: 'Give it interpolationType: ENV_VAR, or an allowedPattern.',
  },
  'timeout-ignored': {
    meaning: 'timeoutSeconds is no number from 5 to 172800 and counts as 3600.',
    remedy: 'Write a number in the range.',
  },
  'too-many-steps': {
    meaning: 'A document has too many steps.',
    remedy: 'Split it.',
  },
  'undeclared-token': {
    meaning: 'A {{ token }} names no parameter of the document and stays as it is.',
    remedy: 'Declare the parameter, or correct the name.',
  },
  'unknown-action': {
    meaning: 'The action of a step is unknown.',
    remedy: 'Correct its name.',
  },
  'unknown-input': {
    meaning: 'A step has an input that its action does not know.',
    remedy: 'Correct its name, or remove it.',
  },
  'unquoted-token': {
    meaning: 'A {{ token }} without quotes is a YAML map.',
    remedy: 'Put the whole value in quotes.',
  },
  'unreachable-step': {
    meaning: 'Every way through an earlier step ends the document before this one.',
    remedy: 'Remove one of its exit conditions.',
  },
  'unused-parameter': {
    meaning: 'A parameter of a document is used nowhere.',
    remedy: 'Use it, or remove it.',
  },
  'wrapped-document': {
    meaning: 'The document stands under DocumentContent, as an agent saves it.',
    remedy: 'Save that part alone.',
  },
};
