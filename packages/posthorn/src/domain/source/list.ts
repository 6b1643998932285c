import { type Call, reader } from "../context.ts";
import { comparison, idIterator, type Page, type PageRequest, readPage } from "../paging.ts";
import { type Source, toSource } from "./source.ts";

export interface ListSources extends PageRequest {
  readonly order: "ascending" | "descending";
}

export async function listSources({ ctx, input }: Call<ListSources>): Promise<Page<Source>> {
  const order = input.order === "ascending" ? "asc" : "desc";
  const page = await readPage(input, { order, keyOf: idIterator("src_") }, (slice) => {
    const query = reader(ctx)
      .selectFrom("source")
      .selectAll()
      .where("org_id", "=", ctx.actor.orgId)
      .where("deleted_at", "is", null)
      .orderBy("id", slice.order)
      .limit(slice.limit);
    return (slice.from === null ? query : query.where("id", comparison(slice.order), slice.from)).execute();
  });
  return { ...page, rows: page.rows.map((row) => toSource(row, ctx.services.secretBox)) };
}
