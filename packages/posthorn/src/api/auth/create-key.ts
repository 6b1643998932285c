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
  summary: "Make an API key",
  description: "An opaque key of the organisation, which can be revoked at any time. It is shown this once.",
  access: "organisation",
  body: ApiKeyIn,
  responses: { 201: ApiKeyCreated },
  handle: async ({ ctx, body }) => {
    const key = await createApiKey({ ctx, input: { name: body.name, expiresAt: toMs(body.expiresAt) } });
    return created({ ...key, createdAt: dateTime(key.createdAt), expiresAt: dateTimeOrNull(key.expiresAt) });
  },
});
