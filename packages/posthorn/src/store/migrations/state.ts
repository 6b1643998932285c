/** Compares the migrations of a database with those of this version. */
import { schemaMismatch, schemaTooNew } from "../errors.ts";
import { migrationChecksum, MIGRATIONS, SCHEMA_VERSION } from "./list.ts";

/** Record of one migration in a database. */
export interface MigrationRecord {
  readonly version: number;
  readonly name: string;
  /** `null`: the database could not store checksums when the migration ran. */
  readonly checksum: string | null;
  /** Unix milliseconds; `null` if the database does not record it. */
  readonly appliedAt: number | null;
}

/** All migrations that were applied to a database. */
export interface MigrationHistory {
  readonly database: "sqlite" | "postgres";
  /** Schema version; 0: the database has no schema. */
  readonly version: number;
  /** Ascending by version. Empty with a version above 0 for files of versions that did not record migrations. */
  readonly records: readonly MigrationRecord[];
}

export interface MigrationState {
  readonly version: number;
  readonly name: string;
  readonly applied: boolean;
  /** Unix milliseconds; `null` if the migration was not applied, or the database does not record the time. */
  readonly appliedAt: number | null;
  /**
   * Result of the comparison: `unrecorded` if the next start will record the name or checksum, `null` if the migration was not applied and
   * has no record.
   */
  readonly record: "matches" | "differs" | "unrecorded" | null;
  /** Describes the difference in a sentence that names the migration. */
  readonly difference: string | null;
}

/** Lists every migration of this version with whether it was applied. Throws `schema_too_new` if the database has more. */
export function migrationStatesOf(history: MigrationHistory): readonly MigrationState[] {
  const newest = history.records.at(-1);
  const found = Math.max(history.version, newest?.version ?? 0);
  if (found > SCHEMA_VERSION) {
    throw schemaTooNew(found, SCHEMA_VERSION, newest?.version === found ? newest.name : undefined);
  }
  const records = new Map(history.records.map((record) => [record.version, record]));
  return MIGRATIONS.map(({ name }, index) => {
    const version = index + 1;
    const record = records.get(version);
    const difference = differenceOf(history, version, record);
    return {
      version,
      name,
      applied: version <= history.version,
      appliedAt: record?.appliedAt ?? null,
      record: difference === null ? stateOf(history, version, record) : "differs",
      difference,
    };
  });
}

/** Throws `schema_mismatch` for the first migration whose record differs from this version. */
export function requireSameMigrations(states: readonly MigrationState[]): void {
  const first = states.find(({ difference }) => difference !== null);
  if (first !== undefined) throw schemaMismatch(first.difference!);
}

function stateOf(
  history: MigrationHistory,
  version: number,
  record: MigrationRecord | undefined,
): "matches" | "unrecorded" | null {
  if (version > history.version) return null;
  return record === undefined || record.checksum === null ? "unrecorded" : "matches";
}

function differenceOf(
  { database, version: newest, records }: MigrationHistory,
  version: number,
  record: MigrationRecord | undefined,
): string | null {
  const { name } = MIGRATIONS[version - 1]!;
  if (record === undefined) {
    if (version > newest || records.length === 0) return null;
    return `The database has schema ${newest} but no record of migration ${version} "${name}".`;
  }
  if (version > newest)
    return `The database has schema ${newest} but a record of migration ${version} "${record.name}".`;
  if (record.name !== name) {
    const place = MIGRATIONS.findIndex((other) => other.name === record.name) + 1;
    const elsewhere = place === 0 ? "" : ` ("${record.name}" is migration ${place} there)`;
    return `Migration ${version} of the database is "${record.name}", but in this version of Posthorn it is "${name}"${elsewhere}.`;
  }
  const expected = migrationChecksum(database, version);
  if (record.checksum === null || record.checksum === expected) return null;
  return `Migration ${version} "${name}" of the database has the checksum ${shorten(record.checksum)}, but in this version of Posthorn it has ${shorten(expected)}: other statements ran.`;
}

function shorten(checksum: string): string {
  return checksum.slice(0, 12);
}
