import { createApiKey } from "../../domain/auth/api-key.ts";
import { ApiKeyCreated, ApiKeyIn } from "../models/auth.ts";
import { created } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { keyInput, keyOut } from "./key-wire.ts";

export const createKey = defineRoute({
  method: "POST",
  path: "/api/v1/auth/api-key",
  operationId: "v1.authentication.create-api-key",
  tag: "Authentication",
  summary: "Create an API key",
  description:
    "Creates an opaque key. Without `scopes`, it has access to the whole organisation. It cannot do more than the caller: if the caller's key expires or is limited to certain networks, so is the new key. You can revoke it at any time. The key is shown only in this response.",
  access: "organisation",
  permission: "keys:manage",
  body: ApiKeyIn,
  responses: { 201: ApiKeyCreated },
  handle: async ({ ctx, body }) => {
    const { token, ...key } = await createApiKey({ ctx, input: keyInput(body) });
    return created({ ...keyOut(key), token });
  },
});
