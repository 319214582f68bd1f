/** In which quotes a place of a script stands. Here-documents are read as if they were commands: an estimate for hints. */
export type Quotes = 'none' | 'single' | 'double';

export function quotesAt(script: string, index: number, language: 'shell' | 'powershell'): Quotes {
  const escape = language === 'shell' ? '\\' : '`';
  let quotes: Quotes = 'none';
  for (let i = 0; i < index; i++) {
    const character = script.charAt(i);
    if (quotes === 'single') {
      if (character === "'") quotes = 'none';
    } else if (character === escape) i += 1;
    else if (character === '"') quotes = quotes === 'double' ? 'none' : 'double';
    else if (quotes === 'double') continue;
    else if (character === "'") quotes = 'single';
    else if (character === '#' && /(^|[\s;&|(])$/.test(script.slice(Math.max(0, i - 1), i))) {
      const end = script.indexOf('\n', i);
      // The rest of the line is a comment, and the place may be in it.
      if (end === -1 || end >= index) return 'none';
      i = end;
    }
  }
  return quotes;
}
