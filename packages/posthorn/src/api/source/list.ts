import { Type } from "typebox";
import { listSources as listVerb } from "../../domain/source/list.ts";
import { currentTokens, ingestUrl } from "../../domain/source/token.ts";
import { pageOf } from "../inputs.ts";
import { OrderQuery, PageQuery } from "../models/common.ts";
import { IngestSourceList } from "../models/source.ts";
import { list } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { sourceOut } from "./wire.ts";

export const listSources = defineRoute({
  method: "GET",
  path: "/ingest/api/v1/source",
  operationId: "v1.ingest.source.list",
  tag: "Ingest",
  summary: "List sources",
  access: "organisation",
  query: Type.Object({ ...PageQuery, ...OrderQuery }),
  responses: { 200: IngestSourceList },
  handle: async ({ ctx, query }) => {
    const page = await listVerb({ ctx, input: { ...pageOf(query), order: query.order ?? "ascending" } });
    const keys = page.rows.map((source) => source.key);
    const tokens = await currentTokens(ctx, keys);
    return list(
      page,
      (row) => row.id,
      (row) => sourceOut(row, ingestUrl(ctx, tokens.get(row.key)!)),
    );
  },
});
