/** Actions that agents of this version carry out; a document that needs another one is refused, not skipped. */
export const BUILT_ACTIONS: readonly string[] = [
  'aws:downloadContent',
  'aws:refreshAssociation',
  'aws:runDocument',
  'aws:runShellScript',
];
