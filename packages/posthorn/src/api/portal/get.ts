import { portalSession } from "../../domain/portal/session.ts";
import { PortalOut } from "../models/auth.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { dateTimeOrNull } from "../wire.ts";

export const getPortal = defineRoute({
  method: "GET",
  path: "/api/v1/portal",
  operationId: "v1.portal.get",
  tag: "Portal",
  summary: "Say what a token of an application is for",
  description: "What the portal asks first: whose it is, what the token may do, until when, and how the portal looks.",
  access: "ViewBase",
  responses: { 200: PortalOut },
  handle: async ({ ctx }) => {
    const { expiresAt, ...session } = await portalSession({ ctx, input: null });
    return ok({ ...session, expiresAt: dateTimeOrNull(expiresAt) });
  },
});
