import { updateApiKey } from "../../domain/auth/api-key.ts";
import { ApiKeyOut, ApiKeyPatch } from "../models/auth.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { keyChanges, keyOut } from "./key-wire.ts";

export const patchKey = defineRoute({
  method: "PATCH",
  path: "/api/v1/auth/api-key/:key_id",
  operationId: "v1.authentication.patch-api-key",
  tag: "Authentication",
  summary: "Update an API key",
  description: "Applies to the next request with the key. The key itself stays the same.",
  access: "organisation",
  permission: "keys:manage",
  body: ApiKeyPatch,
  responses: { 200: ApiKeyOut },
  handle: async ({ ctx, params, body }) =>
    ok(keyOut(await updateApiKey({ ctx, input: { key: params.key_id, changes: keyChanges(body) } }))),
});
