/** Which file of a repository is what (contract §3): the path alone decides. */
export type FileKind =
  | { readonly kind: 'settings' }
  | { readonly kind: 'ignore' }
  | { readonly kind: 'associations' | 'nodes' | 'activations' | 'groups' | 'parameters' }
  /** `number` is null for `documents/<Name>.yaml`. */
  | { readonly kind: 'document'; readonly name: string; readonly number: number | null }
  | { readonly kind: 'document-metadata'; readonly name: string }
  | { readonly kind: 'calendar'; readonly name: string }
  /** Surely meant for us, and read by nothing: where it stands, or as it is called. */
  | { readonly kind: 'misplaced'; readonly message: string; readonly hint: string }
  | { readonly kind: 'not-built-yet'; readonly what: string }
  /** None of our business: a README, a folder of the author's own. */
  | { readonly kind: 'foreign' };

const OWN_FOLDERS = new Set([
  'associations',
  'documents',
  'nodes',
  'activations',
  'groups',
  'parameters',
  'calendars',
  'baselines',
  'packages',
]);

/** True for what must be a plain file or folder: our folders, what is in them, and our files at the root. */
export function isOurs(path: string): boolean {
  const slash = path.indexOf('/');
  return (
    OWN_FOLDERS.has(slash === -1 ? path : path.slice(0, slash)) ||
    (slash === -1 && SETTINGS.test(path)) ||
    path === '.reconciledignore'
  );
}

/** True for files whose bytes mean something to us. */
export function isRead(path: string): boolean {
  return isOurs(path) && kindOf(path).kind !== 'foreign';
}

const DATA = /\.(yaml|yml|json)$/;
/** A tree that differs by machine is none: there is one spelling, and the others are told. */
const DATA_IN_ANY_CASE = /\.(?:yaml|yml|json)$/i;
const SETTINGS = /^reconciled\.(?:yaml|yml|json)$/i;

export function kindOf(path: string): FileKind {
  if (path === 'reconciled.yaml') return { kind: 'settings' };
  if (path === '.reconciledignore') return { kind: 'ignore' };
  if (SETTINGS.test(path)) return unread('Rename it to reconciled.yaml.');
  const slash = path.indexOf('/');
  const top = slash === -1 ? path : path.slice(0, slash);
  const rest = slash === -1 ? '' : path.slice(slash + 1);
  if (top === 'calendars') {
    if (!rest.toLowerCase().endsWith('.ics')) return { kind: 'foreign' };
    return !rest.includes('/') && rest.endsWith('.ics')
      ? { kind: 'calendar', name: rest.slice(0, -'.ics'.length) }
      : misplaced('Write calendars/<name>.ics.');
  }
  if (!OWN_FOLDERS.has(top) || !DATA_IN_ANY_CASE.test(path)) return { kind: 'foreign' };
  if (!DATA.test(path)) {
    const ending = DATA_IN_ANY_CASE.exec(path)?.[0] ?? '';
    return unread(`Rename it to ${path.slice(0, -ending.length)}${ending.toLowerCase()}.`);
  }
  switch (top) {
    case 'associations':
    case 'nodes':
    case 'activations':
    case 'groups':
    case 'parameters':
      return { kind: top };
    case 'documents':
      return documentKind(rest.split('/'));
    case 'baselines':
      return { kind: 'not-built-yet', what: 'patch baselines' };
    case 'packages':
      return { kind: 'not-built-yet', what: 'packages' };
    default:
      return { kind: 'foreign' };
  }
}

const misplaced = (hint: string): FileKind => ({
  kind: 'misplaced',
  message: 'a file here has no meaning',
  hint,
});
const unread = (hint: string): FileKind => ({
  kind: 'misplaced',
  message: 'a file of this name is not read',
  hint,
});

const MISPLACED_DOCUMENT = misplaced(
  'Write documents/<Name>.yaml, documents/<Name>/<number>.yaml or documents/<Name>/metadata.yaml.',
);

function documentKind(rest: readonly string[]): FileKind {
  const [first = '', second] = rest;
  if (rest.length === 1) return { kind: 'document', name: first.replace(DATA, ''), number: null };
  if (rest.length !== 2 || second === undefined) return MISPLACED_DOCUMENT;
  const stem = second.replace(DATA, '');
  if (stem === 'metadata') return { kind: 'document-metadata', name: first };
  if (/^[1-9][0-9]{0,8}$/.test(stem))
    return { kind: 'document', name: first, number: Number(stem) };
  return MISPLACED_DOCUMENT;
}

/**
 * Null when a name can be a file's name everywhere; otherwise what is wrong with it. Names become paths of the status
 * branch.
 */
export function unsafeName(name: string): string | null {
  if (!/^[A-Za-z0-9_.-]{3,128}$/.test(name))
    return 'must be 3 to 128 letters, digits, dots, dashes or underscores';
  if (name.startsWith('.') || name.endsWith('.')) return 'must not begin or end with a dot';
  if (/\.lock$/i.test(name)) return 'must not end with .lock';
  if (/^git(~|$)/i.test(name) || /^\.git/i.test(name)) return 'is a name that Git keeps for itself';
  return null;
}

const UNSAFE_PART = /(?:^|\/)(?:\.{0,2}|\.git)(?:\/|$)/i;
const UNSAFE_CHARACTER = /[\\\u0000-\u001f]/;

/** Paths that no honest tree has (spec/reliability-security.md T02). */
export function isUnsafePath(path: string): boolean {
  return UNSAFE_PART.test(path) || UNSAFE_CHARACTER.test(path);
}
