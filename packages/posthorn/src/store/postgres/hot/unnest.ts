/** Builds the part of a statement that has one array parameter per input column. */
import type { HotColumn } from "../../hot-columns.ts";

export type Parameter = Pick<HotColumn<string, never>, "column" | "type">;

/**
 * Returns a query with one row per element of the array parameters, which start with `$from`. In a select list, `unnest` returns its elements
 * one by one; in `FROM`, PostgreSQL first copies those of each array to a separate temporary table.
 */
export function rowsOfArrays(parameters: readonly Parameter[], from = 1): string {
  const columns = parameters.map(({ column, type }, index) => `unnest($${from + index}::${type}[]) AS ${column}`);
  return `SELECT ${columns.join(", ")}`;
}
