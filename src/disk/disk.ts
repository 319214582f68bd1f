/**
 * What durable state needs of a disk, and nothing more: files that grow at the end or are filled in, names that change
 * atomically, and the two syncs that make each durable. `nodeDisk` is the real one; tests and the simulator bring a fake that tears.
 *
 * Every function rejects with a `ReconcileError` DISK_FULL or DISK_IO (retry `backoff`), create also with DISK_EXISTS.
 */
export type Disk = {
  /** Null when there is no such file. */
  openRead(path: string): Promise<DiskReader | null>;
  /** A new file; DISK_EXISTS (retry `never`) when the name is taken. The name is durable after `syncDir`. */
  create(path: string, mode: number): Promise<PlaceWriter>;
  /** Writes at the end of the file, which is created when absent. The name of a new one is durable after `syncDir`. */
  openAppend(path: string, mode: number): Promise<DiskWriter>;
  /** Replaces `to` in one step; durable after `syncDir`. */
  rename(from: string, to: string): Promise<void>;
  /** An absent file is fine. Durable after `syncDir`. */
  remove(path: string): Promise<void>;
  /** Names in the folder, sorted; empty when there is no such folder. */
  list(dir: string): Promise<readonly string[]>;
  /** One level. */
  makeDir(path: string, mode: number): Promise<'created' | 'exists' | 'no-parent'>;
  /** Makes creations, renames and removals in this folder durable. */
  syncDir(dir: string): Promise<void>;
};

export type DiskReader = {
  /** Bytes at the time of opening. */
  readonly size: number;
  /** Fills `into` from `position`; fewer bytes than asked only at the end of the file. */
  read(into: Uint8Array, position: number): Promise<number>;
  close(): Promise<void>;
};

export type DiskWriter = {
  /** All bytes or a rejection; after a rejection any part of them may stand in the file. */
  write(bytes: Uint8Array): Promise<void>;
  /**
   * What was written survives a power cut once this resolves. After a rejection the file must be abandoned: the kernel
   * may have dropped the bytes and call the next sync a success.
   */
  sync(): Promise<void>;
  close(): Promise<void>;
};

export type PlaceWriter = DiskWriter & {
  /**
   * Over what stands at `place`, or at the end of the file. As `write` says; and after a power cut without a sync any part of the
   * bytes may be the old ones.
   */
  writeAt(bytes: Uint8Array, place: number): Promise<void>;
};
