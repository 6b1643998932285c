import { getApplication } from "../application/find.ts";
import { type Call, reader } from "../context.ts";
import { comparison, idIterator, type Page, type PageRequest, readPage } from "../paging.ts";
import { type Endpoint, toEndpoint } from "./endpoint.ts";

export interface ListEndpoints extends PageRequest {
  readonly app: string;
  readonly order: "ascending" | "descending";
}

export async function listEndpoints({ ctx, input }: Call<ListEndpoints>): Promise<Page<Endpoint>> {
  const application = await getApplication(ctx, input.app);
  const order = input.order === "descending" ? "desc" : "asc";
  const page = await readPage(input, { order, keyOf: idIterator("ep_") }, (slice) => {
    let query = reader(ctx)
      .selectFrom("endpoint")
      .selectAll()
      .where("app_id", "=", application.key)
      .where("deleted_at", "is", null)
      .where("replay_task_id", "is", null)
      .orderBy("id", slice.order)
      .limit(slice.limit);
    if (slice.from !== null) query = query.where("id", comparison(slice.order), slice.from);
    return query.execute();
  });
  return { ...page, rows: page.rows.map((row) => toEndpoint(ctx, row)) };
}
