import { nearest } from '../document/nearest.ts';

/** The IANA zone that was most likely meant: `Berlin` → `Europe/Berlin`, `Europe/Belrin` → `Europe/Berlin`; or null. */
export function nearestZoneName(wanted: string): string | null {
  const names = Intl.supportedValuesOf('timeZone');
  const city = wanted.trim().replaceAll(' ', '_').toLowerCase();
  const named = names.find((name) => name.slice(name.lastIndexOf('/') + 1).toLowerCase() === city);
  return named ?? nearest(wanted, names);
}
