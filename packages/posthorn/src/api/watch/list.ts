import { Type } from "typebox";
import { listWatches as listVerb } from "../../domain/watch/find.ts";
import { pageOf } from "../inputs.ts";
import { OrderQuery, PageQuery } from "../models/common.ts";
import { WatchList } from "../models/watch.ts";
import { list } from "../reply.ts";
import { watchesOut } from "./wire.ts";
import { defineRoute } from "../route.ts";

export const listWatches = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/watch",
  operationId: "v1.watch.list",
  tag: "Watch",
  summary: "List watches",
  access: "ViewBase",
  query: Type.Object({ ...PageQuery, ...OrderQuery }),
  responses: { 200: WatchList },
  handle: async ({ ctx, params, query }) => {
    const input = { ...pageOf(query), app: params.app_id, order: query.order ?? "descending" };
    const page = await listVerb({ ctx, input });
    const outs = new Map((await watchesOut(ctx, page.rows)).map((out, index) => [page.rows[index]!.id, out]));
    return list(
      page,
      (row) => row.id,
      (row) => outs.get(row.id)!,
    );
  },
});
