/** Writes the part of a statement that takes one array for each column of its input. */
import type { HotColumn } from "../../hot-columns.ts";

export type Parameter = Pick<HotColumn<string, never>, "column" | "type">;

/** `unnest` with one array parameter for each column, the first of them `$from`. */
export function unnestOf(parameters: readonly Parameter[], from = 1): string {
  return `unnest(${parameters.map(({ type }, index) => `$${from + index}::${type}[]`).join(", ")})`;
}

export function namesOf(parameters: readonly Parameter[]): string {
  return parameters.map(({ column }) => column).join(", ");
}
