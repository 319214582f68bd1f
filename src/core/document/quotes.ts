/** In which quotes a place of a script stands. Here-documents are read as if they were commands: an estimate for hints. */
export type Quotes = 'none' | 'single' | 'double';

/** Asked for places in rising order, it reads the script once. */
export function openQuotes(
  script: string,
  language: 'shell' | 'powershell',
): (index: number) => Quotes {
  const escape = language === 'shell' ? '\\' : '`';
  let quotes: Quotes = 'none';
  let i = 0;
  return (index) => {
    for (; i < index; i++) {
      const character = script.charAt(i);
      if (quotes === 'single') {
        if (character === "'") quotes = 'none';
      } else if (character === escape) i += 1;
      else if (character === '"') quotes = quotes === 'double' ? 'none' : 'double';
      else if (quotes === 'double') continue;
      else if (character === "'") quotes = 'single';
      else if (character === '#' && (i === 0 || /[\s;&|(]/.test(script.charAt(i - 1)))) {
        const end = script.indexOf('\n', i);
        // The rest of the line is a comment, and the place may be in it.
        if (end === -1 || end >= index) return 'none';
        i = end;
      }
    }
    return quotes;
  };
}
