import { getApiKey } from "../../domain/auth/api-key.ts";
import { ApiKeyOut } from "../models/auth.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { keyOut } from "./key-wire.ts";

export const getKey = defineRoute({
  method: "GET",
  path: "/api/v1/auth/api-key/:key_id",
  operationId: "v1.authentication.get-api-key",
  tag: "Authentication",
  summary: "Get an API key",
  description: "Returns what the key may do, and when it was last used. Its secret part cannot be shown again.",
  access: "organisation",
  permission: "keys:manage",
  responses: { 200: ApiKeyOut },
  handle: async ({ ctx, params }) => ok(keyOut(await getApiKey({ ctx, input: { key: params.key_id } }))),
});
