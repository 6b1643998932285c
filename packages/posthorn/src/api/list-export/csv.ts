/** CSV of exported rows (RFC 4180), with cells that spreadsheets do not interpret as formulas. */

/** Characters with which a cell is a formula, or becomes one when it is imported. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;
const QUOTED = /[",\r\n\t]/;

/** A line of CSV with the values at these paths, such as `deliveries.failed`. */
export function csvLine(row: Readonly<Record<string, unknown>>, columns: readonly string[]): string {
  return `${columns.map((column) => cellOf(valueAt(row, column))).join(",")}\r\n`;
}

export function csvHead(columns: readonly string[]): string {
  return `${columns.map(cellOf).join(",")}\r\n`;
}

function valueAt(row: Readonly<Record<string, unknown>>, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>((value, name) => (value as Record<string, unknown> | null | undefined)?.[name], row);
}

/** Numbers are written as they are, because they cannot be formulas. Lists and objects are written as JSON. */
function cellOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const harmless = FORMULA.test(text) ? `'${text}` : text;
  return QUOTED.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
