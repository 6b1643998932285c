/** Sources that are read, for the nodes that read them. */
import type { Store } from "../../store/store.ts";
import type { RunState } from "./run.ts";

/** When a source is read next, and the version of its cursor. */
export interface RunRow {
  readonly key: number;
  readonly nextAt: number | null;
  readonly version: number;
}

const PAUSED: RunState = "paused";
/** Rows read with one query. */
const PAGE = 1000;

/** All sources that are read, except paused ones, in pages. */
export async function* ownRuns({ db }: Pick<Store, "db">): AsyncGenerator<RunRow> {
  for (let after = 0; ;) {
    const rows = await db
      .selectFrom("source_run")
      .select(["source_id", "next_at", "version"])
      .where("source_id", ">", after)
      .where("state", "!=", PAUSED)
      .orderBy("source_id")
      .limit(PAGE)
      .execute();
    for (const row of rows) yield toRow(row);
    if (rows.length < PAGE) return;
    after = rows.at(-1)!.source_id;
  }
}

/** `null`: the source is deleted, or is a webhook. `paused`: it is not read now. */
export async function runOf({ hotDb }: Pick<Store, "hotDb">, sourceKey: number): Promise<RunRow | "paused" | null> {
  const row = await hotDb
    .selectFrom("source_run")
    .select(["source_id", "next_at", "version", "state"])
    .where("source_id", "=", sourceKey)
    .executeTakeFirst();
  if (row === undefined) return null;
  return row.state === PAUSED ? "paused" : toRow(row);
}

function toRow(row: { readonly source_id: number; readonly next_at: number | null; readonly version: number }): RunRow {
  return { key: row.source_id, nextAt: row.next_at, version: row.version };
}
