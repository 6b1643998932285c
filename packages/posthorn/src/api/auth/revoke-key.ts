import { revokeApiKey } from "../../domain/auth/api-key.ts";
import { noContent } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const revokeKey = defineRoute({
  method: "DELETE",
  path: "/api/v1/auth/api-key/:key_id",
  operationId: "v1.authentication.revoke-api-key",
  tag: "Authentication",
  summary: "Revoke an API key",
  description: "The next request with the key is rejected, on all nodes.",
  access: "organisation",
  permission: "keys:manage",
  responses: { 204: null },
  handle: async ({ ctx, params }) => {
    await revokeApiKey({ ctx, input: { key: params.key_id } });
    return noContent();
  },
});
