import { sql, type SqlBool } from "kysely";
import { type Call, reader } from "../context.ts";
import { comparison, type Page, type PageRequest, readPage } from "../paging.ts";
import { type EventType, isVisible, toEventType } from "./event-type.ts";

export interface ListEventTypes extends PageRequest {
  readonly order: "ascending" | "descending";
  /** A part of the name or the description, in any case; `null`: any. */
  readonly search: string | null;
  readonly includeArchived: boolean;
}

const NAME = /^[a-zA-Z0-9\-_.]{1,256}$/;

/** Lists event types by name. Names are the iterators. */
export async function listEventTypes({ ctx, input }: Call<ListEventTypes>): Promise<Page<EventType>> {
  const order = input.order === "descending" ? "desc" : "asc";
  const keyOf = (iterator: string): string | null => (NAME.test(iterator) ? iterator : null);
  return readPage(input, { order, keyOf }, async (slice) => {
    const found: EventType[] = [];
    let from = slice.from;
    // Flags are checked here and not in SQL, so a page may need more than one read to fill.
    for (;;) {
      let query = reader(ctx)
        .selectFrom("event_type")
        .selectAll()
        .where("org_id", "=", ctx.actor.orgId)
        .$if(input.search !== null, (filtered) =>
          filtered.where(
            sql<SqlBool>`instr(lower(name || ' ' || description), lower(cast(${input.search} as text))) > 0`,
          ),
        )
        .orderBy("name", slice.order)
        .limit(slice.limit);
      if (from !== null) query = query.where("name", comparison(slice.order), from);
      if (!input.includeArchived) query = query.where("archived", "=", 0);
      const rows = await query.execute();
      found.push(...rows.map(toEventType).filter((eventType) => isVisible(eventType, ctx.actor)));
      if (rows.length < slice.limit || found.length >= slice.limit) return found.slice(0, slice.limit);
      from = rows.at(-1)!.name;
    }
  });
}
