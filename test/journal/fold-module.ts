/** What a worker thread imports to compact the journal of the tests. */
export { createFold, journalFormat } from './ledger.ts';
