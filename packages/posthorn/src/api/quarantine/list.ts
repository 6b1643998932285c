import { Type } from "typebox";
import { listQuarantine as listVerb } from "../../domain/quarantine/list.ts";
import { pageOf } from "../inputs.ts";
import { PageQuery } from "../models/common.ts";
import { QuarantinedList } from "../models/quarantine.ts";
import { list } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { quarantinedOut } from "./wire.ts";

export const listQuarantine = defineRoute({
  method: "GET",
  path: "/ingest/api/v1/source/:source_id/quarantine",
  operationId: "v1.ingest.quarantine.list",
  tag: "Ingest",
  summary: "List quarantined requests",
  description: "Newest first. Each source keeps its latest 1,000 requests, with at most 32 MiB of bodies.",
  access: "organisation",
  permission: "read",
  query: Type.Object({
    ...PageQuery,
    reason: Type.Optional(Type.String({ maxLength: 64, description: "Return only requests with this reason." })),
  }),
  responses: { 200: QuarantinedList },
  handle: async ({ ctx, params, query }) => {
    const input = { ...pageOf(query), source: params.source_id, reason: query.reason ?? null };
    return list(await listVerb({ ctx, input }), (row) => row.id, quarantinedOut);
  },
});
