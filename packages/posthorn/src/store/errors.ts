/** Turns what a database says into errors of Posthorn's own list. */
import { PosthornError, type PosthornErrorCode } from "../lib/errors.ts";

export interface StoreErrorOptions extends ErrorOptions {
  readonly unique?: boolean;
  readonly trouble?: StoreTrouble;
  readonly refusesWrites?: boolean;
}

/** A database refused or failed. `unique` is set when a row with the same unique value exists. */
export class StoreError extends PosthornError {
  override readonly name = "StoreError";
  readonly unique: boolean;
  /** Why the database could not be worked with; `null`: it was there. */
  readonly trouble: StoreTrouble | null;
  /** Whether the next write would fail for the same reason, such as a full disk. */
  readonly refusesWrites: boolean;

  constructor(code: PosthornErrorCode, message: string, options: StoreErrorOptions = {}) {
    super(code, message, options);
    this.unique = options.unique ?? false;
    this.trouble = options.trouble ?? null;
    this.refusesWrites = options.refusesWrites ?? false;
  }
}

/** Whether a write failed because a row with the same unique value exists. */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof StoreError && error.unique;
}

/** Whether something failed only because the database is away: it can be done when it is back. */
export function isStoreAway(error: unknown): boolean {
  return error instanceof PosthornError && error.code === "storage_unavailable";
}

/** A later version of Posthorn wrote the database. `name`: that of its newest migration, if the database has it. */
export function schemaTooNew(found: number, known: number, name?: string): StoreError {
  const newest = name === undefined ? `schema ${found}` : `schema ${found} "${name}"`;
  return new StoreError(
    "schema_too_new",
    `The database was written by a newer Posthorn (${newest}, this version knows ${known}). Start that version, or restore the backup made before the upgrade.`,
  );
}

/** The migrations of the database are not those of this version. `difference` is a sentence that names the first one that differs. */
export function schemaMismatch(difference: string): StoreError {
  return new StoreError(
    "schema_mismatch",
    `${difference} The database comes from another build of Posthorn, or its table schema_version was edited; this version has not changed it. Start the build that wrote the database, or restore a backup made with a released version.`,
  );
}

const SENTENCE: Record<StoreTrouble, string> = {
  disk_full: "has no space left on its disk",
  unreachable: "cannot be reached",
  silent: "does not answer",
  refusing: "turns connections away",
  read_only: "takes no writes: it is a replica, or recovers",
  not_committing: "answers, but not to a commit: it waits for a stand-by",
  no_connections: "has no connection to spare",
};

/** What is wrong with a database, as the end of a sentence. */
export function describeTrouble(trouble: StoreTrouble): string {
  return SENTENCE[trouble];
}

/** The database is half of a copy: nothing may be sent from it, and nothing be added to it. */
export function copyUnfinished(): StoreError {
  return new StoreError(
    "copy_unfinished",
    "The database is a copy that is not whole: run the same `posthorn copy` again, which goes on where it stopped, or empty the database.",
  );
}

/**
 * Why a database cannot be worked with: its disk is full (at a start), it cannot be reached, does not answer, turns connections away, takes no writes, answers but
 * never to a commit, or, while those that have a connection go on, has none to spare.
 */
export type StoreTrouble =
  | "disk_full"
  | "unreachable"
  | "silent"
  | "refusing"
  | "read_only"
  | "not_committing"
  | "no_connections";
