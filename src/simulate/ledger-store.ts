/** Records that outlive a process: whoever opens the store again is told what survived. */
export type Store<Stored> = {
  /** Tells every record that survived, in order. */
  open(onRecord: (record: Stored) => void): Promise<OpenStore<Stored>>;
};

export type OpenStore<Stored> = {
  /** Resolves when the records are durable, all or none of them; rejects with a ReconcileError whose retry is `backoff`. */
  append(records: readonly Stored[]): Promise<void>;
  /** Called between other work; may fold the records into fewer. */
  tidy(): Promise<void>;
};
