/** Routes of portal keys. */
import { createPortalKey, listPortalKeys, type PortalKey, revokePortalKey } from "../../domain/portal/key.ts";
import { PortalKeyCreated, PortalKeyIn, PortalKeyList } from "../models/portal-key.ts";
import { created, noContent, ok } from "../reply.ts";
import { defineRoute, type Route } from "../route.ts";
import { dateTime, dateTimeOrNull } from "../wire.ts";

const PATH = "/api/v1/app/:app_id/portal-key";
const TAG = "Authentication";

function keyOut({ id, name, tokenEnd, capabilities, createdAt, expiresAt }: PortalKey): object {
  const times = { createdAt: dateTime(createdAt), expiresAt: dateTimeOrNull(expiresAt) };
  return { id, name, tokenCensored: `phc_…${tokenEnd}`, capabilities, ...times };
}

const createKey = defineRoute({
  method: "POST",
  path: PATH,
  operationId: "v1.portal-key.create",
  tag: TAG,
  summary: "Create a portal key",
  description:
    "A long-lived key for the agents and programs of one customer. It cannot do more than its creator, cannot create further keys, and can be revoked at any time. The key is shown only in this response.",
  // A link that only reads must not give lasting access, nor end that of others.
  access: "ManageEndpoint",
  permission: "tokens:issue",
  body: PortalKeyIn,
  responses: { 201: PortalKeyCreated },
  handle: async ({ ctx, params, body }) => {
    const input = {
      app: params.app_id,
      name: body.name,
      capabilities: body.capabilities ?? ["ViewBase" as const],
      expiresAt: body.expiry ? ctx.services.now() + body.expiry * 1000 : null,
    };
    const { token, ...key } = await createPortalKey({ ctx, input });
    return created({ ...keyOut(key), token });
  },
});

const listKeys = defineRoute({
  method: "GET",
  path: PATH,
  operationId: "v1.portal-key.list",
  tag: TAG,
  summary: "List portal keys",
  description: "Returns the keys of an application in censored form. They cannot be shown again.",
  access: "ViewBase",
  permission: "read",
  responses: { 200: PortalKeyList },
  handle: async ({ ctx, params }) =>
    ok({ data: (await listPortalKeys({ ctx, input: { app: params.app_id } })).map(keyOut) }),
});

const revokeKey = defineRoute({
  method: "DELETE",
  path: `${PATH}/:key_id`,
  operationId: "v1.portal-key.delete",
  tag: TAG,
  summary: "Revoke a portal key",
  description: "It stops working on all nodes at once. What was changed with it is kept.",
  access: "ManageEndpoint",
  permission: "tokens:issue",
  responses: { 204: null },
  handle: async ({ ctx, params }) => {
    await revokePortalKey({ ctx, input: { app: params.app_id, key: params.key_id } });
    return noContent();
  },
});

export const PORTAL_KEY_ROUTES: readonly Route[] = [createKey, listKeys, revokeKey];
