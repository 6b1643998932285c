/** Errors of the store, and the reasons why a database is unusable. */
import { PosthornError, type PosthornErrorCode } from "../lib/errors.ts";

export interface StoreErrorOptions extends ErrorOptions {
  readonly unique?: boolean;
  readonly outage?: StoreOutage;
  readonly refusesWrites?: boolean;
}

/** A failed database operation. `unique` is set when a row with the same unique value exists. */
export class StoreError extends PosthornError {
  override readonly name = "StoreError";
  readonly unique: boolean;
  /** Why the database was unusable; `null`: it was available. */
  readonly outage: StoreOutage | null;
  /** Whether the next write would fail for the same reason, such as a full disk. */
  readonly refusesWrites: boolean;

  constructor(code: PosthornErrorCode, message: string, options: StoreErrorOptions = {}) {
    super(code, message, options);
    this.unique = options.unique ?? false;
    this.outage = options.outage ?? null;
    this.refusesWrites = options.refusesWrites ?? false;
  }
}

/** Whether a write failed because a row with the same unique value exists. */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof StoreError && error.unique;
}

/** Whether an operation failed only because the database is unavailable, so that it can be retried later. */
export function isStoreUnavailable(error: unknown): boolean {
  return error instanceof PosthornError && error.code === "storage_unavailable";
}

/** Error for a database written by a later version of Posthorn. `name`: name of its newest migration, if the database has recorded it. */
export function schemaTooNew(found: number, known: number, name?: string): StoreError {
  const newest = name === undefined ? `schema ${found}` : `schema ${found} "${name}"`;
  return new StoreError(
    "schema_too_new",
    `The database was written by a newer Posthorn (${newest}; this version supports up to ${known}). Start that version, or restore the backup made before the upgrade.`,
  );
}

/** Error for a database with other migrations than this version. `difference` is a sentence that names the first one that differs. */
export function schemaMismatch(difference: string): StoreError {
  return new StoreError(
    "schema_mismatch",
    `${difference} The database comes from another build of Posthorn, or its table schema_version was edited; this version has not changed it. Start the build that wrote the database, or restore a backup made with a released version.`,
  );
}

const SENTENCE: Record<StoreOutage, string> = {
  disk_full: "has no space left on its disk",
  unreachable: "cannot be reached",
  silent: "does not respond",
  refusing: "refuses connections",
  read_only: "accepts no writes, because it is a replica or in recovery",
  not_committing: "responds but completes no commits, because it waits for a standby",
  no_connections: "has no free connections",
};

/** Describes why a database is unusable, as the end of a sentence. */
export function describeOutage(outage: StoreOutage): string {
  return SENTENCE[outage];
}

/** Error for the target of an unfinished `posthorn copy`. A node must neither send from it nor write to it. */
export function copyUnfinished(): StoreError {
  return new StoreError(
    "copy_unfinished",
    "The database is an incomplete copy. Run the same `posthorn copy` again, which continues where it stopped, or empty the database.",
  );
}

/** Error for a database that an interrupted `posthorn restore` left behind. */
export function restoreUnfinished(): StoreError {
  return new StoreError(
    "restore_unfinished",
    "A restore of this database was interrupted. Run the same `posthorn restore` again. To use the database from before it, delete the file that ends with `.restoring`.",
  );
}

/**
 * Why a database is unusable. `disk_full` occurs at startup. `silent`: it does not respond within the timeout. `not_committing`: it
 * responds, but commits do not complete. `no_connections`: no further connection is available, while those already open still work.
 */
export type StoreOutage =
  | "disk_full"
  | "unreachable"
  | "silent"
  | "refusing"
  | "read_only"
  | "not_committing"
  | "no_connections";
