import { Type } from "typebox";
import { listApiKeys } from "../../domain/auth/api-key.ts";
import { pageOf } from "../inputs.ts";
import { ApiKeyList } from "../models/auth.ts";
import { OrderQuery, PageQuery } from "../models/common.ts";
import { list } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { keyOut } from "./key-wire.ts";

export const listKeys = defineRoute({
  method: "GET",
  path: "/api/v1/auth/api-key",
  operationId: "v1.authentication.list-api-keys",
  tag: "Authentication",
  summary: "List API keys",
  description: "Returns names and expiry times. The keys themselves cannot be shown again.",
  access: "organisation",
  permission: "keys:manage",
  query: Type.Object({
    ...PageQuery,
    ...OrderQuery,
    search: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 256,
        description: "A part of the name, the description or the ID, in any case.",
      }),
    ),
  }),
  responses: { 200: ApiKeyList },
  handle: async ({ ctx, query }) => {
    const input = { ...pageOf(query), search: query.search ?? null, order: query.order ?? "ascending" };
    return list(await listApiKeys({ ctx, input }), (row) => row.id, keyOut);
  },
});
