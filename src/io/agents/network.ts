/** Who has one IPv6 address has 2^64: they count as one. */
export function networkOf(address: string): string {
  if (address.startsWith('::ffff:')) return address.slice('::ffff:'.length);
  return address.includes(':') ? expand(address).slice(0, 4).join(':') : address;
}

function expand(address: string): readonly string[] {
  const [head = '', tail] = address.split('::');
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'));
  if (tail === undefined) return groups(head);
  const missing = 8 - groups(head).length - groups(tail).length;
  return [
    ...groups(head),
    ...Array.from({ length: Math.max(0, missing) }, () => '0'),
    ...groups(tail),
  ];
}
