import { createApiKey } from "../../domain/auth/api-key.ts";
import { ApiKeyCreated, ApiKeyIn } from "../models/auth.ts";
import { created } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { dateTime, dateTimeOrNull, toMs } from "../wire.ts";

export const createKey = defineRoute({
  method: "POST",
  path: "/api/v1/auth/api-key",
  operationId: "v1.authentication.create-api-key",
  tag: "Authentication",
  summary: "Create an API key",
  description:
    "Creates an opaque key with access to the whole organisation. You can revoke it at any time. The key is shown only in this response.",
  access: "organisation",
  permission: "keys:manage",
  body: ApiKeyIn,
  responses: { 201: ApiKeyCreated },
  handle: async ({ ctx, body }) => {
    const key = await createApiKey({ ctx, input: { name: body.name, expiresAt: toMs(body.expiresAt) } });
    return created({ ...key, createdAt: dateTime(key.createdAt), expiresAt: dateTimeOrNull(key.expiresAt) });
  },
});
