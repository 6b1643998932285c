import { Type } from "typebox";
import type { OutsideContext } from "../../domain/context.ts";
import { type ListWatches, listWatches as listVerb } from "../../domain/watch/find.ts";
import { pageOf } from "../inputs.ts";
import { OrderQuery, PageQuery } from "../models/common.ts";
import { WatchFilters, WatchList } from "../models/watch.ts";
import { list, type Reply } from "../reply.ts";
import { watchesOut } from "./wire.ts";
import { defineRoute } from "../route.ts";

const QUERY = { ...PageQuery, ...OrderQuery, ...WatchFilters };

export const listWatches = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/watch",
  operationId: "v1.watch.list",
  tag: "Watch",
  summary: "List the watches of an application or source",
  description: "Pages through the watches of one application or source.",
  access: "ManageWatch",
  permission: "read",
  query: Type.Object(QUERY),
  responses: { 200: WatchList },
  handle: ({ ctx, params, query }) => pageReply(ctx, { ...filtersOf(query), app: params.app_id }),
});

export const listAllWatches = defineRoute({
  method: "GET",
  path: "/api/v1/watch",
  operationId: "v1.watch.list-all",
  tag: "Watch",
  summary: "List the watches of all applications and sources",
  description: "Pages through the watches of the organisation.",
  access: "organisation",
  permission: "read",
  filtersApplications: true,
  query: Type.Object({
    ...QUERY,
    app: Type.Optional(
      Type.String({ maxLength: 256, description: "ID or uid of an application, or ID of a source: only its watches." }),
    ),
  }),
  responses: { 200: WatchList },
  handle: ({ ctx, query }) => pageReply(ctx, { ...filtersOf(query), app: query.app ?? null }),
});

type Query = Parameters<typeof pageOf>[0] & Partial<Pick<ListWatches, "state" | "search" | "order">>;

function filtersOf(query: Query): Omit<ListWatches, "app"> {
  const { state = null, search = null, order = "descending" } = query;
  return { ...pageOf(query), state, search, order };
}

async function pageReply(ctx: OutsideContext, input: ListWatches): Promise<Reply> {
  const page = await listVerb({ ctx, input });
  const outs = new Map((await watchesOut(ctx, page.rows)).map((out, index) => [page.rows[index]!.id, out]));
  return list(
    page,
    (row) => row.id,
    (row) => outs.get(row.id)!,
  );
}
