import { checkUrl as checkVerb } from "../../domain/application/check-url.ts";
import { UrlCheckIn, UrlCheckOut } from "../models/auth.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const checkUrl = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/check-url",
  operationId: "v1.portal.check-url",
  tag: "Portal",
  summary: "Check whether an endpoint can use a URL",
  description:
    "Applies the rules for this application and resolves the name. No connection is made, and no address is returned; operators can use `POST /api/v1/egress/check`.",
  access: "ManageEndpoint",
  permission: "read",
  idempotency: "none",
  body: UrlCheckIn,
  responses: { 200: UrlCheckOut },
  audit: "none",
  handle: async ({ ctx, params, body }) => {
    const verdict = await checkVerb({ ctx, input: { url: body.url, app: params.app_id } });
    if (verdict.allowed) return ok({ allowed: true, code: null, message: null });
    return ok({ allowed: false, code: verdict.code, message: verdict.message });
  },
});
