/** What a YAML parser stumbles over, as an author would say it. */
import type { Fault } from './source.ts';

type Stumble = {
  readonly code: string;
  readonly message: string;
  readonly pos: readonly [number, number];
};

/** Up to the first that breaks the reading: the parser stumbles over what is behind it, which is right in itself. */
export function mistakesOf(stumbles: readonly Stumble[], text: string): readonly Fault[] {
  const faults: Fault[] = [];
  for (const stumble of [...stumbles].sort(byPlace)) {
    const fault = mistakeOf(stumble, text);
    faults.push(fault);
    if (fault.code === 'yaml-syntax') break;
  }
  return faults;
}

/** At one place, that a key goes over several lines says more than what follows from it. */
function byPlace(a: Stumble, b: Stumble): number {
  const over = ({ code }: Stumble): number => (code === 'MULTILINE_IMPLICIT_KEY' ? 0 : 1);
  return a.pos[0] - b.pos[0] || over(a) - over(b);
}

function mistakeOf({ code, message, pos: [at] }: Stumble, text: string): Fault {
  switch (code) {
    case 'MULTIPLE_DOCS':
      return {
        ...mistake(at, 'only the first YAML document of the file counts'),
        code: 'further-documents',
        severity: 'warning',
        hint: 'Put each document into a file of its own.',
      };
    case 'DUPLICATE_KEY': {
      const key = keyFrom(text, at);
      const written = /^[^:\n]{0,80}/.exec(text.slice(key, key + 80))?.[0] ?? '';
      return {
        ...mistake(key, `the key ${written} is written twice`, 'Keep one of the two.'),
        code: 'duplicate-key',
      };
    }
    case 'RESOURCE_EXHAUSTION':
      return { ...mistake(at, message), code: 'too-deep' };
    default:
      return syntaxMistake(message, at, text);
  }
}

/** The parser names the place where it began to look for the key. */
function keyFrom(text: string, at: number): number {
  const blank = /(?:\s|#.*)*/y;
  blank.lastIndex = at;
  return at + (blank.exec(text)?.[0].length ?? 0);
}

const COLUMNS =
  'Lines of one map or list begin in one column; a text of several lines begins with | and is indented below its key.';
const QUOTES = 'Put the whole value in quotes.';

/** By the parser's message: what is wrong, and what to do when the line does not tell better. */
const MISTAKES: readonly (readonly [RegExp, (match: RegExpExecArray) => string, string])[] = [
  [/^Implicit (map )?keys/, () => 'this is neither "key: value" nor part of a text', COLUMNS],
  [/must start at the same column$/, () => 'this line begins in no column of its map', COLUMNS],
  [/^Nested mappings/, () => 'a text with ": " in it is read as a map', QUOTES],
  [/at node end$/, () => 'something stands behind the end of a value', QUOTES],
  [/between flow sequence items$/, () => 'a list in brackets has no "," here', QUOTES],
  [/^Plain value cannot start with .*(\S)$/, ([, c = '']) => `no text begins with ${c}`, QUOTES],
  [
    /^Invalid escape sequence (.+)/,
    ([, escape = '']) => `${escape} is no escape inside double quotes`,
    'Use single quotes, where a backslash is a backslash; or write it twice.',
  ],
  [
    /^(Block scalar header|Not a YAML token)/,
    () => 'behind > or | nothing may stand: a text begins in the next line',
    'Put the whole value in quotes if > or | belongs to it.',
  ],
  [/^Missing closing/, () => 'this text has no closing quote', 'Write the quote that ends it.'],
  [/^Unexpected flow-\w+-end token.*"(.)"$/, ([, c = '']) => `${c} closes nothing`, QUOTES],
  [/^Flow sequence in block/, () => 'the list in brackets that begins here has no ]', QUOTES],
  [/^Flow map in block/, () => 'the map in braces that begins here has no }', QUOTES],
  [
    /^(A block sequence may not|All sequence items|Sequence item without)/,
    () => 'this line begins in no column of its list',
    COLUMNS,
  ],
  [
    /on same line with key$/,
    () => 'a list begins in a line of its own',
    'Put the list into the next line, or the whole value in quotes.',
  ],
  [
    /on same line with directives-end/,
    () => 'a map begins in a line of its own',
    'Put what follows --- into the next line.',
  ],
  [
    /^(Anchor|Alias) cannot be an empty/,
    ([, kind]) => `${kind === 'Anchor' ? '&' : '*'} has no name behind it`,
    QUOTES,
  ],
  [
    /^Missing directives-end/,
    () => '% at the beginning of a line is a directive of YAML',
    'Remove the line; of a template, take what it makes.',
  ],
];

function syntaxMistake(message: string, at: number, text: string): Fault {
  for (const [pattern, say, hint] of MISTAKES) {
    const match = pattern.exec(message);
    if (match === null) continue;
    const place = placeOf(message, at, text);
    return mistake(place, say(match), hintOfLine(text, place) || hint);
  }
  return mistake(at, message, hintOfLine(text, at));
}

/** Where the mistake is, which the parser sometimes notices in a later line, or at the beginning of one. */
function placeOf(message: string, at: number, text: string): number {
  if (message.startsWith('Flow ')) {
    const before = [...text.slice(0, at).matchAll(/^ *(?:- +)*(?:[\w.-]+: +)?(?=[[{])/gm)].at(-1);
    return before === undefined ? at : before.index + before[0].length;
  }
  if (message.startsWith('Missing directives-end')) return Math.max(0, text.search(/^%/m));
  return text.charAt(at) === ' ' ? keyFrom(text, at) : at;
}

/** What the line up to the place shows to be meant; empty when it shows nothing. */
function hintOfLine(text: string, at: number): string {
  const begins = text.lastIndexOf('\n', at - 1) + 1;
  if (text.startsWith('```', begins)) return 'Remove the lines with ``` around the document.';
  const line = text.slice(begins, at + 1);
  if (/^[ -]*\u00a0/.test(text.slice(begins, at + 2)))
    return 'Write common blanks for those of this line that are U+00A0.';
  if (line.startsWith('\t')) return 'Indent with blanks; YAML allows no tabs there.';
  const value = /^\s*(?:- +)*(?:[\w.-]+: +)?(.*)$/s.exec(line)?.[1] ?? '';
  if (line.includes('{{'))
    return 'Put the whole value in quotes: a value that begins with {{ is a YAML map.';
  if (/^".*"/.test(value) && !/\\.$/.test(value))
    return 'Inside double quotes write \\" for a quote; or put the whole value in single quotes.';
  if (/^'.*'/.test(value)) return "Inside single quotes write '' for a quote.";
  if (/^[[{]/.test(value))
    return 'Put the whole value in quotes: what begins with [ is a list, with { a map.';
  return '';
}

/** What the reference leaves out of a value, and reads on. */
export function leftOut(tag: string, at: number): Fault {
  return {
    code: 'yaml-tag',
    severity: 'warning',
    at,
    pointer: '',
    message: `${tag} is a tag of YAML and is left out`,
    hint: OF_CLOUDFORMATION.test(tag)
      ? 'CloudFormation puts something in its place: take the document that it makes.'
      : 'Put the whole value in quotes if this belongs to it.',
  };
}
const OF_CLOUDFORMATION =
  /^!(And|Base64|Cidr|Condition|Equals|FindInMap|GetA(tt|Zs)|If|ImportValue|Join|Not|Or|Ref|Select|Split|Sub|Transform)$/;

/** That makes the text no YAML. */
export const mistake = (at: number, message: string, hint = ''): Fault => ({
  code: 'yaml-syntax',
  severity: 'error',
  at,
  pointer: '',
  message,
  hint,
});
