/** Calls that several commands share. */
import { call } from "../client.ts";

export type Flags = Record<string, unknown>;
export type Row = Readonly<Record<string, unknown>>;

const PAGE = 250;

/** The rows of a list, up to `limit`. @param path With its query, which begins with `?`. */
export async function listRows(flags: Flags, path: string, limit: number): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (let iterator = ""; ;) {
    const page = await call(flags, "GET", `${path}&limit=${Math.min(PAGE, limit - rows.length)}${iterator}`);
    rows.push(...(page["data"] as readonly Row[]));
    if (page["done"] === true || rows.length >= limit) return rows;
    iterator = `&iterator=${encodeURIComponent(String(page["iterator"]))}`;
  }
}

/** A path with encoded parts. */
export function pathOf(...parts: readonly string[]): string {
  return `/${parts.map(encodeURIComponent).join("/")}`;
}

/** A value in a table. */
export function cell(value: unknown): string {
  if (value === null || value === undefined) return "–";
  return typeof value === "string" ? value : JSON.stringify(value);
}
