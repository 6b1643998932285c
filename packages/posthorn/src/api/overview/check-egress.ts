import { checkUrl } from "../../domain/application/check-url.ts";
import { EgressCheckIn, EgressCheckOut } from "../models/overview.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const checkEgress = defineRoute({
  method: "POST",
  path: "/api/v1/egress/check",
  operationId: "v1.egress.check",
  tag: "Overview",
  summary: "Check whether a URL can be reached",
  description: "Applies the current egress rules and resolves the name. No connection is made.",
  access: "organisation",
  permission: "read",
  idempotency: "none",
  body: EgressCheckIn,
  responses: { 200: EgressCheckOut },
  audit: "none",
  handle: async ({ ctx, body }) => {
    const verdict = await checkUrl({ ctx, input: { url: body.url, app: body.appId ?? null } });
    if (verdict.allowed) return ok({ ...verdict, code: null, message: null, detail: null });
    return ok({ ...verdict, addresses: [] });
  },
});
