/** Every code that a problem can have: what it means and what to do. docs/problems.md is made from this. */
export const PROBLEM_CODES: {
  readonly [code: string]: { readonly meaning: string; readonly remedy: string };
} = {
  'action-not-built': {
    meaning: 'A step uses an action of AWS that this program does not perform yet.',
    remedy: 'Use an action that is built; aws:runShellScript can do most of it.',
  },
  'activation-without-end': {
    meaning: 'The activation never expires, so its code is a standing secret.',
    remedy: 'Add an ExpirationDate.',
  },
  'bad-format': {
    meaning: 'A value does not have the form that its key demands.',
    remedy: 'Follow the example in the hint.',
  },
  'calendar-event': {
    meaning:
      'An event of a calendar lacks something that it needs, or has something twice or that excludes something else.',
    remedy: 'Follow the hint; RFC 5545 says what a VEVENT is made of.',
  },
  'calendar-limit': {
    meaning:
      'A calendar is larger than a gate needs to be: 1,000 events, 100 of them recurring, 2,000 single dates, recurring events of at most 92 days.',
    remedy: 'Split it: an association may name several calendars, and all must be open.',
  },
  'calendar-no-length': {
    meaning:
      'An event begins and ends at the same instant, so it neither opens nor closes anything.',
    remedy: 'Add a DTEND or a DURATION.',
  },
  'calendar-rule': {
    meaning:
      'An RRULE cannot be read, or asks for more than days: FREQ is DAILY, WEEKLY, MONTHLY or YEARLY, and an occurrence keeps its time of day.',
    remedy: 'Follow the hint, or write several events.',
  },
  'calendar-rule-start': {
    meaning:
      'The DTSTART of a recurring event is no day that its own rule gives. It counts as an occurrence, as in most programs.',
    remedy: 'Begin at the first day that the rule gives.',
  },
  'calendar-syntax': {
    meaning: 'The file is no iCalendar 2.0: a line cannot be read, or BEGIN and END do not pair.',
    remedy: 'Export the calendar again, or repair the line.',
  },
  'calendar-time': {
    meaning:
      'A date or time cannot be read, does not exist, ends before it begins, or is of another kind than the DTSTART that it goes with.',
    remedy: 'Write it in the form of the hint.',
  },
  'calendar-type': {
    meaning:
      'The calendar does not say what its events do: X-CALENDAR-TYPE is missing or neither DEFAULT_OPEN nor DEFAULT_CLOSED. Nothing is assumed, because the wrong guess turns every event into its opposite.',
    remedy:
      'Add X-CALENDAR-TYPE:DEFAULT_OPEN (events close it) or DEFAULT_CLOSED (events open it) below BEGIN:VCALENDAR.',
  },
  'calendar-unused': {
    meaning:
      'An EXDATE or RECURRENCE-ID names no occurrence of its event, so it takes nothing away.',
    remedy: 'Compare its time and its zone with the DTSTART.',
  },
  'calendar-zone': {
    meaning:
      'A time zone of a calendar is neither one of IANA nor defined by a VTIMEZONE that can be read.',
    remedy: 'Write an IANA name such as Europe/Berlin.',
  },
  'default-not-allowed': {
    meaning: 'The default of a parameter breaks the rules of that same parameter.',
    remedy: 'Choose a default that is allowed.',
  },
  'default-type': {
    meaning: 'The default of a parameter is of another type than the parameter.',
    remedy: 'Write a default of that type.',
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
    meaning: 'Two versions of a document have the same VersionName.',
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
  'duplicate-step-name': {
    meaning: 'Two steps of a document have the same name.',
    remedy: 'Rename one of them.',
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
  'empty-script': {
    meaning: 'A script has no lines.',
    remedy: 'Write a script, or remove the step.',
  },
  'exclusive-keys': {
    meaning: 'Two keys exclude each other.',
    remedy: 'Keep one of the two.',
  },
  'further-documents': {
    meaning: 'A file that holds one definition holds several.',
    remedy: 'Put each into a file of its own.',
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
  'ignored-input': {
    meaning: 'An input of a step has no effect where it stands.',
    remedy: 'Remove it.',
  },
  'interpolation-type': {
    meaning: 'interpolationType is something other than ENV_VAR.',
    remedy: 'Write ENV_VAR, or leave it out.',
  },
  'json-syntax': {
    meaning: 'The file is no JSON.',
    remedy: 'Repair it at the place named.',
  },
  'key-not-text': {
    meaning: 'A key of a map is no text.',
    remedy: 'Write the key in quotes.',
  },
  'legacy-instance-id': {
    meaning: 'InstanceId is used with a document of schemaVersion 2.0 or newer.',
    remedy: 'Write Targets with the key InstanceIds.',
  },
  'limit-ignored': {
    meaning: 'A limit of a parameter has no effect on its type.',
    remedy: 'Remove it.',
  },
  'metadata-without-document': {
    meaning: 'A metadata.yaml stands in a folder without numbered documents.',
    remedy: 'Add the document as 1.yaml beside it.',
  },
  misplaced: {
    meaning: 'A file stands where nothing reads it.',
    remedy: 'Move it to where the hint says.',
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
  'no-steps': {
    meaning: 'The document has no steps.',
    remedy: 'Add mainSteps.',
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
    remedy: 'Write a map.',
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
  'null-entry': {
    meaning: 'An entry is empty.',
    remedy: 'Write it out, or remove it.',
  },
  'out-of-range': {
    meaning: 'A value is too short, too long, too small or too large.',
    remedy: 'Stay within the range named.',
  },
  'output-only-key': {
    meaning: 'The key stands in answers of AWS and is not part of a definition.',
    remedy: 'Remove it; `reconciled import aws` turns what `aws ssm` prints into files.',
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
    remedy: 'Use a parameter of the right type.',
  },
  'parameter-type': {
    meaning: 'A value does not read as the type of its parameter.',
    remedy: 'Write it as the hint says.',
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
  precondition: {
    meaning: 'A precondition is not understood; nodes would fail the step.',
    remedy: 'Write StringEquals with two operands.',
  },
  'removed-but-needed': {
    meaning:
      'The file was removed while an association in force needs it; its last good content stays.',
    remedy: 'Remove or repair what refers to it first.',
  },
  'runtime-config': {
    meaning: 'runtimeConfig of a 1.2 document does not have the form of actions with properties.',
    remedy: 'Follow the form of AWS, or write schemaVersion 2.2.',
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
  'text-in-script': {
    meaning: 'A parameter is put into a script as text, so its value can become code.',
    remedy: 'Give it interpolationType: ENV_VAR, or an allowedPattern.',
  },
  'timeout-ignored': {
    meaning: 'timeoutSeconds is no number from 5 to 172800 and counts as 3600.',
    remedy: 'Write a number in the range.',
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
    meaning: 'A file, a text or the whole repository is larger than allowed.',
    remedy: 'Split it.',
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
    remedy: 'Add it, or correct the name; the hint shows the nearest.',
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
  'unknown-input': {
    meaning: 'A step has an input that its action does not know.',
    remedy: 'Correct its name, or remove it.',
  },
  'unknown-key': {
    meaning: 'A key is unknown. In a document it has no effect and is a warning.',
    remedy: 'Correct its name, or remove it.',
  },
  'unknown-parameter': {
    meaning: 'A {{ssm:name}} names nothing in parameters/.',
    remedy: 'Correct the name, or add the parameter.',
  },
  'unquoted-token': {
    meaning: 'A {{ token }} without quotes is a YAML map.',
    remedy: 'Put the whole value in quotes.',
  },
  'unsafe-name': {
    meaning: 'A name cannot be the name of a file everywhere.',
    remedy: 'Choose another name.',
  },
  'unsafe-path': {
    meaning: 'The path of a file is not safe on every system.',
    remedy: 'Rename the file.',
  },
  'unused-parameter': {
    meaning: 'A parameter of a document is used nowhere.',
    remedy: 'Use it, or remove it.',
  },
  'wrapped-document': {
    meaning: 'The document stands under DocumentContent, as an agent saves it.',
    remedy: 'Save that part alone.',
  },
  'wrong-type': {
    meaning: 'A value is of another type than its key demands.',
    remedy: 'Write it as the hint says; texts that look like numbers need quotes.',
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
    remedy: 'Remove it.',
  },
  'yaml-version': {
    meaning: 'The file asks for another version of YAML.',
    remedy: 'Remove the %YAML line.',
  },
};
