import { CALENDAR_PROBLEM_CODES } from '../calendar/problem-codes.ts';
import { compareText } from '../model/problem.ts';
import { DOCUMENT_PROBLEM_CODES } from './document-problem-codes.ts';

type Codes = { readonly [code: string]: { readonly meaning: string; readonly remedy: string } };

const CODES: Codes = {
  'activation-without-end': {
    meaning: 'The activation never expires, so its code is a standing secret.',
    remedy: 'Add an ExpirationDate.',
  },
  'bad-format': {
    meaning: 'A value does not have the form that its key demands.',
    remedy:
      'Write it in the form that the message tells; docs of the key are in schemas/README.md.',
  },
  'dependency-circle': {
    meaning:
      'Associations wait for each other in a circle (DependsOn), so none of them could ever run.',
    remedy: 'Remove one of the dependencies that the message lists.',
  },
  'duplicate-activation': {
    meaning: 'Two activations have the same ActivationId.',
    remedy: 'Keep one of them.',
  },
  'duplicate-association': {
    meaning:
      'Two associations have the same AssociationName, which is their identity. Both places are named; what was in force stays.',
    remedy: 'Rename or remove one of them.',
  },
  'duplicate-document': {
    meaning: 'Two files define the same document.',
    remedy: 'Keep either documents/<Name>.yaml or the folder documents/<Name>/.',
  },
  'duplicate-group': {
    meaning: 'Two groups have the same Name.',
    remedy: 'Rename or remove one of them.',
  },
  'duplicate-key': {
    meaning: 'A key is written twice in one map.',
    remedy: 'Keep one of the two.',
  },
  'duplicate-name': {
    meaning: 'Two versions of a document, or two rings of a rollout, have the same name.',
    remedy: 'Choose another name.',
  },
  'duplicate-node': {
    meaning: 'Two files describe the same node.',
    remedy: 'Keep one of them.',
  },
  'duplicate-parameter': {
    meaning: 'Two entries have the same parameter name.',
    remedy: 'Keep one of them.',
  },
  'duplicate-tag': {
    meaning: 'A tag key is given twice.',
    remedy: 'Keep one of the two.',
  },
  'duration-without-flag': {
    meaning: 'Duration is given without ApplyOnlyAtCronInterval.',
    remedy: 'Add ApplyOnlyAtCronInterval: true, or remove Duration.',
  },
  'empty-file': {
    meaning: 'The file defines nothing.',
    remedy: 'Remove it, or write a definition.',
  },
  'exclusive-keys': {
    meaning: 'Two keys exclude each other.',
    remedy: 'Keep one of the two.',
  },
  'held-back': {
    meaning:
      'The file is right by itself, but another file that it goes with is not; its last good content stays in force.',
    remedy: 'Repair the other file, which has problems of its own.',
  },
  'ignore-pattern': {
    meaning: 'A line of .reconciledignore would be too costly to match.',
    remedy: 'Write shorter patterns with fewer stars.',
  },
  'includes-too-deep': {
    meaning:
      'A document runs documents that run documents, deeper than nodes follow; that step fails.',
    remedy: 'Run it from a document nearer, or through an association of its own.',
  },
  'includes-unfit': {
    meaning:
      'A document runs another with parameters that it cannot take: undeclared, of another type, or not allowed; that step fails.',
    remedy: 'Correct the documentParameters of the step, or what is handed on in them.',
  },
  'json-syntax': {
    meaning: 'The file is no JSON.',
    remedy:
      'Repair it at the place named: JSON has keys and texts in double quotes, no comments, and no comma at an end.',
  },
  'key-not-text': {
    meaning: 'A key of a map is no text.',
    remedy: 'Write the key in quotes.',
  },
  'legacy-instance-id': {
    meaning: 'InstanceId is used with a document of schemaVersion 2.0 or newer.',
    remedy: 'Write Targets with the key InstanceIds.',
  },
  'metadata-without-document': {
    meaning: 'A metadata.yaml stands in a folder without numbered documents.',
    remedy: 'Add the document as 1.yaml beside it.',
  },
  misplaced: {
    meaning:
      'A file stands where nothing reads it, or its name is spelt as nothing reads it: endings are .yaml, .yml, .json and .ics in small letters. Files with other endings are passed over.',
    remedy: 'Move it to a folder of its kind, or rename it.',
  },
  'missing-key': {
    meaning: 'A required key is missing.',
    remedy: 'Add it.',
  },
  'more-problems': {
    meaning: 'The file has more problems than are shown.',
    remedy: 'Repair the first ones.',
  },
  'name-case': {
    meaning: 'Two names differ only by case, which some file systems cannot tell apart.',
    remedy: 'Choose another name.',
  },
  'no-effect': {
    meaning: 'A key of the document language has no effect here.',
    remedy: 'Remove it.',
  },
  'node-id-mismatch': {
    meaning: 'InstanceId is not the id of the PublicKey beside it.',
    remedy: 'Keep the key and the id that follows from it.',
  },
  'not-a-list': {
    meaning: 'A list is expected.',
    remedy: 'Write a list.',
  },
  'not-a-map': {
    meaning: 'A map is expected.',
    remedy: 'Write a map of keys and values.',
  },
  'not-allowed': {
    meaning: 'A value is not one of the allowed ones.',
    remedy: 'Choose one of those named.',
  },
  'not-an-integer': {
    meaning: 'A whole number is expected.',
    remedy: 'Write digits only, without quotes.',
  },
  'not-built-yet': {
    meaning:
      'The field, value or folder has an effect in AWS that is not built here yet. It is refused, since ignoring it would run something else than was written.',
    remedy: 'Remove it for now.',
  },
  'not-effective': {
    meaning:
      'The field is accepted and kept, and has no effect here, or not its whole effect; the message says what is missing.',
    remedy: 'Remove it when the file need not go back to AWS.',
  },
  'not-text': {
    meaning: 'A text is expected.',
    remedy: 'Put the value in quotes.',
  },
  'not-utf-8': {
    meaning: 'The file is no UTF-8 text.',
    remedy: 'Save it as UTF-8.',
  },
  'out-of-range': {
    meaning: 'A value is too short, too long, too small or too large.',
    remedy: 'Stay within the range named.',
  },
  'output-only-key': {
    meaning: 'The key stands in answers of AWS and is not part of a definition.',
    remedy:
      'Remove it. (`reconciled import aws`, which will turn what `aws ssm` prints into files, is not built yet.)',
  },
  'removed-but-needed': {
    meaning:
      'The file was removed while an association in force needs it; its last good content stays.',
    remedy: 'Remove or repair what refers to it first.',
  },
  'schedule-at': {
    meaning: 'An at(…) expression is malformed.',
    remedy: 'Write at(yyyy-MM-ddTHH:mm:ss).',
  },
  'schedule-at-without-flag': {
    meaning: 'at(…) is used without ApplyOnlyAtCronInterval.',
    remedy: 'Add ApplyOnlyAtCronInterval: true.',
  },
  'schedule-cron': {
    meaning: 'A cron(…) expression is malformed.',
    remedy: 'Write six fields: minute hour day month weekday year.',
  },
  'schedule-cron-subset': {
    meaning: 'AWS would refuse this cron expression (strict: aws).',
    remedy: 'Choose one of the accepted forms, or set strict: off.',
  },
  'schedule-expression': {
    meaning: 'ScheduleExpression is none of rate(…), cron(…), at(…).',
    remedy: 'Write one of them.',
  },
  'schedule-flag-with-rate': {
    meaning: 'ApplyOnlyAtCronInterval is used with rate(…).',
    remedy: 'Remove the flag, or write the schedule as cron.',
  },
  'schedule-flag-without-schedule': {
    meaning: 'ApplyOnlyAtCronInterval is used without a schedule.',
    remedy: 'Add a ScheduleExpression, or remove the flag.',
  },
  'schedule-never': {
    meaning: 'The schedule never comes due.',
    remedy: 'Choose days that exist.',
  },
  'schedule-offset-other': {
    meaning: 'ScheduleOffset is used with a schedule that takes none.',
    remedy: 'Use a cron with the n-th weekday of the month, or remove the offset.',
  },
  'schedule-offset-range': {
    meaning: 'ScheduleOffset is not 1 to 6.',
    remedy: 'Write 1 to 6, or leave it out.',
  },
  'schedule-offset-without-flag': {
    meaning: 'ScheduleOffset is used without ApplyOnlyAtCronInterval.',
    remedy: 'Add ApplyOnlyAtCronInterval: true.',
  },
  'schedule-rate': {
    meaning: 'A rate(…) expression is malformed.',
    remedy: 'Write rate(30 minutes), rate(2 hours) or rate(5 days).',
  },
  'schedule-rate-long': {
    meaning: 'The interval is 31 days or more.',
    remedy: 'Choose a shorter one, or a cron.',
  },
  'schedule-rate-short': {
    meaning: 'The interval is under 30 minutes, which AWS refuses (strict: aws).',
    remedy: 'Write rate(30 minutes), or set strict: off.',
  },
  'schedule-rate-unit': {
    meaning: 'The unit is plural for 1, or singular for more.',
    remedy: 'Write 1 minute, 2 minutes.',
  },
  'schedule-timezone': {
    meaning: 'The time zone is unknown.',
    remedy: 'Write an IANA name such as Europe/Berlin.',
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
  'script-shape': {
    meaning: 'A script input is neither a text nor a list of texts.',
    remedy: 'Write a list of lines.',
  },
  'secure-ciphertext': {
    meaning: 'A SecureString is not as a node could open, mask or judge it.',
    remedy: 'Encrypt it again with reconciled parameter encrypt; docs/secrets.md.',
  },
  'secure-plain': {
    meaning:
      'The value of a SecureString stands there in plain text, and in the history of the repository with it.',
    remedy: 'Encrypt it, and change the secret: whoever can read the repository knows this one.',
  },
  'secure-reference': {
    meaning:
      'A SecureString is referred to in a way, or at a place, that would not give its value.',
    remedy:
      'Write {{ssm-secure:name}} as the value of a parameter of the document with interpolationType: ENV_VAR.',
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
  submodule: {
    meaning: 'A submodule stands in one of our folders.',
    remedy: 'Put the files themselves there.',
  },
  symlink: {
    meaning: 'A symbolic link stands in one of our folders.',
    remedy: 'Put the file itself there.',
  },
  'target-empty-value': {
    meaning: 'A value of a target is empty.',
    remedy: 'Remove it; leave Values out to match every node that has the tag.',
  },
  'target-group-all': {
    meaning: 'A group names every node.',
    remedy: 'Target InstanceIds with * in the association.',
  },
  'target-group-count': {
    meaning: 'resource-groups:Name has none or several values.',
    remedy: 'Name one group.',
  },
  'target-group-nested': {
    meaning: 'A group names another group.',
    remedy: 'Repeat the query of that group.',
  },
  'target-key': {
    meaning: 'The key of a target is unknown.',
    remedy: 'Use InstanceIds, tag:<key>, tag-key or resource-groups:Name.',
  },
  'target-map': {
    meaning: 'A map of TargetMaps holds something else than ids of nodes.',
    remedy: 'Name nodes under InstanceIds, or write Targets.',
  },
  'target-missing': {
    meaning: 'There are no targets.',
    remedy: 'Add Targets.',
  },
  'target-mixed': {
    meaning: 'Targets of different kinds are mixed.',
    remedy: 'Write one association for each kind.',
  },
  'target-no-values': {
    meaning: 'A target needs values.',
    remedy: 'Add them.',
  },
  'target-node-id': {
    meaning: 'A node id does not have the right form.',
    remedy: 'Write mi- and 17 hex digits, or *.',
  },
  'target-resource-type': {
    meaning: 'A filter of a group names a type of resource that is no node.',
    remedy: 'Leave the filter out.',
  },
  'target-too-many': {
    meaning: 'There are more than five targets.',
    remedy: 'Name the query as a group.',
  },
  'target-too-many-values': {
    meaning: 'A target has too many values.',
    remedy: 'Tag the nodes and target the tag.',
  },
  'too-complex': {
    meaning: 'Reading the file took too long.',
    remedy: 'Make it smaller or simpler.',
  },
  'too-deep': {
    meaning: 'Maps and lists are nested too deep.',
    remedy: 'Flatten them.',
  },
  'too-large': {
    meaning:
      'A file, a text, the whole repository, or a document with its values in place is larger than allowed.',
    remedy: 'Split it, or use a long value once.',
  },
  'too-many-aliases': {
    meaning: 'A document uses too many YAML aliases.',
    remedy: 'Write the values out.',
  },
  'too-many-files': {
    meaning: 'The repository has too many files.',
    remedy: 'Put several definitions into one file.',
  },
  'too-many-includes': {
    meaning: 'A document runs or downloads more documents by name than fit into a job.',
    remedy: 'Run some of them through associations of their own.',
  },
  'too-many-nodes': {
    meaning: 'A file has too many values.',
    remedy: 'Split it.',
  },
  'too-many-references': {
    meaning:
      'A document and its parameters refer to more values of the Parameter Store than a job carries.',
    remedy: 'Put some of them together in one parameter, or use several associations.',
  },
  'unknown-anchor': {
    meaning: 'A YAML alias names no anchor.',
    remedy: 'Write the value out.',
  },
  'unknown-calendar': {
    meaning: 'CalendarNames names a file that is not in calendars/.',
    remedy: 'Add it, or correct the name.',
  },
  'unknown-dependency': {
    meaning:
      'DependsOn names an association that is not in associations/. If it was removed, its last good content stays in force.',
    remedy: 'Add it, or correct the name.',
  },
  'unknown-document': {
    meaning:
      'An association names a document that is neither in documents/ nor preconfigured. If it was removed, its last good content stays in force.',
    remedy: 'Correct the name, or add the document.',
  },
  'unknown-document-version': {
    meaning: 'DocumentVersion, or metadata.yaml, names a version that is not there.',
    remedy: 'Choose one of those that are there.',
  },
  'unknown-group': {
    meaning: 'A target names a group that is not in groups/.',
    remedy: 'Correct the name, or add the group.',
  },
  'unknown-key': {
    meaning: 'A key is unknown. In a document it has no effect and is a warning.',
    remedy: 'Correct its name, or remove it.',
  },
  'unknown-parameter': {
    meaning: 'A {{ssm:name}} names nothing in parameters/.',
    remedy: 'Correct the name, or add the parameter.',
  },
  'unsafe-name': {
    meaning: 'A name cannot be the name of a file everywhere.',
    remedy: 'Choose another name.',
  },
  'unsafe-path': {
    meaning: 'The path of a file is not safe on every system.',
    remedy: 'Rename the file.',
  },
  'wrong-type': {
    meaning: 'A value is of another type than its key demands.',
    remedy:
      'Write a value of the type that the message names; texts that look like numbers need quotes.',
  },
  'yaml-alias': {
    meaning: 'A YAML alias is used in a file of our own kinds.',
    remedy: 'Write the value out.',
  },
  'yaml-syntax': {
    meaning: 'The file is no YAML.',
    remedy: 'Repair it at the place named.',
  },
  'yaml-tag': {
    meaning: 'A YAML tag is used.',
    remedy: 'Remove the tag, the word that begins with an exclamation mark.',
  },
  'yaml-version': {
    meaning: 'The file asks for another version of YAML.',
    remedy: 'Remove the %YAML line.',
  },
};

/** Every code that a problem can have: what it means and what to do. docs/problems.md is made from this. */
export const PROBLEM_CODES: Codes = Object.fromEntries(
  Object.entries({ ...CODES, ...CALENDAR_PROBLEM_CODES, ...DOCUMENT_PROBLEM_CODES }).sort(
    ([a], [b]) => compareText(a, b),
  ),
);
