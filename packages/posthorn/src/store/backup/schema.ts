import { migrationStatesOf, requireSameMigrations } from "../migrations/state.ts";
import type { Manifest } from "./manifest.ts";

/** Throws `schema_too_new` or `schema_mismatch` if this version cannot restore the backup. Migrations are compared by name and checksum. */
export function requireKnownSchema({ database, migrations }: Manifest): void {
  const records = migrations.map((migration, index) => ({ ...migration, version: index + 1, appliedAt: null }));
  requireSameMigrations(migrationStatesOf({ database, version: records.length, records }));
}
