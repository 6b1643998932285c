import { createPortalAccess } from "../../domain/portal/access.ts";
import { NO_LOOK } from "../../domain/portal/look.ts";
import { applicationInput } from "../inputs.ts";
import { AppPortalAccessIn, AppPortalAccessOut } from "../models/auth.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

/** Default lifetime of a portal token: 7 days. */
export const DEFAULT_EXPIRY_SECONDS = 604_800;

export const appPortalAccess = defineRoute({
  method: "POST",
  path: "/api/v1/auth/app-portal-access/:app_id",
  operationId: "v1.authentication.app-portal-access",
  tag: "Authentication",
  summary: "Create a token for one application",
  description:
    "For the portal, or for API calls on behalf of a customer. The token has only the capabilities you list.",
  access: "organisation",
  permission: "tokens:issue",
  idempotency: "claim",
  body: AppPortalAccessIn,
  responses: { 200: AppPortalAccessOut },
  handle: async ({ ctx, params, body }) => {
    const input = {
      app: params.app_id,
      application: body.application ? applicationInput(body.application) : null,
      readOnly: body.readOnly ?? false,
      capabilities: body.capabilities ?? null,
      featureFlags: body.featureFlags ?? [],
      expirySeconds: body.expiry ?? DEFAULT_EXPIRY_SECONDS,
      sessionId: body.sessionId ?? null,
      look: { ...NO_LOOK, ...body.look },
    };
    return ok(await createPortalAccess({ ctx, input }));
  },
});
