import { Type } from "typebox";
import { listSources as listVerb } from "../../domain/source/list.ts";
import { RUN_STATES } from "../../domain/source/run.ts";
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
  description: "Pages through the sources in the order of their creation.",
  access: "organisation",
  permission: "read",
  filtersApplications: true,
  query: Type.Object({
    ...PageQuery,
    ...OrderQuery,
    kind: Type.Optional(Type.String({ maxLength: 64, description: "Return only sources of this kind." })),
    state: Type.Optional(
      Type.Union(
        RUN_STATES.map((state) => Type.Literal(state)),
        { description: "Return only sources that Posthorn reads and that are in this state." },
      ),
    ),
    search: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 256,
        description: "Part of the name, uid or type; case-insensitive.",
      }),
    ),
  }),
  responses: { 200: IngestSourceList },
  handle: async ({ ctx, query }) => {
    const { order = "ascending", kind = null, state = null, search = null } = query;
    const page = await listVerb({ ctx, input: { ...pageOf(query), order, kind, state, search } });
    const keys = page.rows.map((source) => source.key);
    const tokens = await currentTokens(ctx, keys);
    return list(
      page,
      (row) => row.id,
      ({ state: reading, ...row }) => ({
        ...sourceOut(row, ingestUrl(ctx, row.kind, tokens.get(row.key)!)),
        state: reading,
      }),
    );
  },
});
