import { createPortalAccess } from "../../domain/portal/access.ts";
import { NO_LOOK } from "../../domain/portal/look.ts";
import { AppPortalAccessOut } from "../models/auth.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { DEFAULT_EXPIRY_SECONDS } from "./app-portal-access.ts";

/** Operation that older client libraries call for a portal link. It has no options. */
export const dashboardAccess = defineRoute({
  method: "POST",
  path: "/api/v1/auth/dashboard-access/:app_id",
  operationId: "v1.authentication.dashboard-access",
  tag: "Authentication",
  summary: "Create a portal link with all capabilities",
  description:
    "For older client libraries. Prefer `app-portal-access`, which lets you limit the capabilities of the token.",
  access: "organisation",
  permission: "tokens:issue",
  idempotency: "claim",
  responses: { 200: AppPortalAccessOut },
  handle: async ({ ctx, params }) => {
    const input = {
      app: params.app_id,
      application: null,
      readOnly: false,
      capabilities: null,
      featureFlags: [],
      expirySeconds: DEFAULT_EXPIRY_SECONDS,
      sessionId: null,
      look: NO_LOOK,
    };
    return ok(await createPortalAccess({ ctx, input }));
  },
});
