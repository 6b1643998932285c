import { expireTokens } from "../../domain/auth/expire-all.ts";
import { ApplicationTokenExpireIn } from "../models/auth.ts";
import { noContent } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const expireAll = defineRoute({
  method: "POST",
  path: "/api/v1/auth/app/:app_id/expire-all",
  operationId: "v1.authentication.expire-all",
  tag: "Authentication",
  summary: "Revoke the tokens of an application",
  description:
    "Revokes the tokens issued so far, immediately or after a delay. Limit it to some sessions with `sessionIds`.",
  access: "organisation",
  permission: "tokens:issue",
  body: ApplicationTokenExpireIn,
  responses: { 204: null },
  handle: async ({ ctx, params, body }) => {
    const input = { app: params.app_id, afterMs: (body.expiry ?? 0) * 1000, sessionIds: body.sessionIds ?? [] };
    await expireTokens({ ctx, input });
    return noContent();
  },
});
