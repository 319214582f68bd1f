/** Actions that agents of this version carry out; a document that needs another one is refused, not skipped. */
export const BUILT_ACTIONS: readonly string[] = [
  'aws:configureDocker',
  'aws:downloadContent',
  'aws:refreshAssociation',
  'aws:runDockerAction',
  'aws:runDocument',
  'aws:runPowerShellScript',
  'aws:runShellScript',
];
