import { sql } from "kysely";
import { type Call, reader } from "../context.ts";
import { comparison, idIterator, type Page, type PageRequest, readPage } from "../paging.ts";
import { getSource } from "../source/find.ts";
import { QUARANTINE_COLUMNS, type Quarantined, toQuarantined } from "./quarantined.ts";

export interface ListQuarantine extends PageRequest {
  readonly source: string;
  /** `null`: all reasons. */
  readonly reason: string | null;
}

/** Quarantined requests of a source, newest first, without bodies. */
export async function listQuarantine({ ctx, input }: Call<ListQuarantine>): Promise<Page<Quarantined>> {
  const source = await getSource(ctx, input.source);
  const page = await readPage(input, { order: "desc", keyOf: idIterator("quar_") }, (slice) => {
    let query = reader(ctx)
      .selectFrom("quarantine")
      .select([...QUARANTINE_COLUMNS, sql<number>`CASE WHEN body IS NULL THEN 0 ELSE 1 END`.as("kept")])
      .where("source_id", "=", source.key)
      .orderBy("id", slice.order)
      .limit(slice.limit);
    if (input.reason !== null) query = query.where("reason", "=", input.reason);
    if (slice.from !== null) query = query.where("id", comparison(slice.order), slice.from);
    return query.execute();
  });
  return { ...page, rows: page.rows.map(toQuarantined) };
}
