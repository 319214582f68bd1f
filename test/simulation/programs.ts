/** The versions of the daemon's program in a story: what each brings along, and in which format it keeps its state. */
import { libraryOf } from '../../src/core/load/library.ts';
import type { CatalogDocument } from '../../src/core/model/document.ts';
import { restoredRecord } from '../../src/core/world/epoch.ts';
import type { PassRecord } from '../../src/core/world/records.ts';
import { JOURNAL_FORMAT } from '../../src/core/world/records.ts';
import { upgradePass } from '../../src/core/world/upgrade.ts';
import type { JournalFormat } from '../../src/journal/format.ts';
import type { Swarm } from './swarm.ts';
import { documentFile, SHIPPED, shippedDocument } from './wish.ts';

export type Program = {
  readonly number: number;
  readonly library: ReadonlyMap<string, CatalogDocument>;
  readonly format: JournalFormat<PassRecord>;
};

/** The one of today, and the next one. */
export function programsOf(programs: Swarm['programs']): readonly [Program, Program] {
  const program = (number: number, newer: number): Program => ({
    number,
    library: programs === null ? new Map() : libraryIn(number),
    format: { ...JOURNAL_FORMAT, version: JOURNAL_FORMAT.version + newer, upgrade: upgradePass },
  });
  return [program(1, 0), program(2, programs === 'newer format' ? 1 : 0)];
}

const libraryIn = (program: number) => {
  const text = JSON.stringify(documentFile(SHIPPED, shippedDocument(program)));
  return libraryOf([{ name: SHIPPED, text }]);
};

/** As `restore` puts it back. */
export const restoredFrom = ({ at, records }: PassRecord): PassRecord => ({
  at,
  records: records.map(restoredRecord),
});
