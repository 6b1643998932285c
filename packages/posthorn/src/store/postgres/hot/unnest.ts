/** Builds the part of a statement that has one array parameter per input column. */
import type { HotColumn } from "../../hot-columns.ts";

export type Parameter = Pick<HotColumn<string, never>, "column" | "type">;

/** Returns `unnest` with one array parameter per column, starting with `$from`. */
export function unnestOf(parameters: readonly Parameter[], from = 1): string {
  return `unnest(${parameters.map(({ type }, index) => `$${from + index}::${type}[]`).join(", ")})`;
}

export function namesOf(parameters: readonly Parameter[]): string {
  return parameters.map(({ column }) => column).join(", ");
}
