/** What was done to a database of the list of migrations. */
import { MIGRATIONS } from "./list.ts";

export interface MigrationState {
  readonly version: number;
  readonly name: string;
  readonly applied: boolean;
  /** Unix milliseconds; `null` when it was not applied, or the database does not keep when. */
  readonly appliedAt: number | null;
}

/** @param timeOf When a version was applied, `null` when nobody knows, `undefined` when it was not. */
export function statesBy(timeOf: (version: number) => number | null | undefined): readonly MigrationState[] {
  return MIGRATIONS.map(({ name }, index) => {
    const time = timeOf(index + 1);
    return { version: index + 1, name, applied: time !== undefined, appliedAt: time ?? null };
  });
}
