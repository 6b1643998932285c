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
  summary: "Get the portal context of a token",
  description:
    "The first request of the portal: the application and capabilities of the token, its expiry, and the appearance of the portal.",
  access: "ViewBase",
  permission: "read",
  filtersApplications: true,
  responses: { 200: PortalOut },
  handle: async ({ ctx }) => {
    const { expiresAt, ...session } = await portalSession({ ctx, input: null });
    return ok({ ...session, expiresAt: dateTimeOrNull(expiresAt) });
  },
});
