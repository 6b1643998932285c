import { createPortalAccess } from "../../domain/portal/access.ts";
import { NO_LOOK } from "../../domain/portal/look.ts";
import { scopeOf } from "../../domain/source/endpoints.ts";
import { AppPortalAccessOut } from "../models/auth.ts";
import { IngestSourceConsumerPortalAccessIn } from "../models/source.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

const DEFAULT_EXPIRY_SECONDS = 604_800;

export const sourceDashboard = defineRoute({
  method: "POST",
  path: "/ingest/api/v1/source/:source_id/dashboard",
  operationId: "v1.ingest.authentication.consumer-portal-access",
  tag: "Ingest",
  summary: "Create a portal token for one source",
  description: "The portal then shows only the endpoints and messages of this source.",
  access: "organisation",
  permission: "tokens:issue",
  idempotency: "claim",
  body: IngestSourceConsumerPortalAccessIn,
  responses: { 200: AppPortalAccessOut },
  handle: async ({ ctx, params, body }) => {
    const scope = await scopeOf(ctx, params.source_id);
    const input = {
      app: scope.app,
      application: null,
      readOnly: body.readOnly ?? false,
      capabilities: null,
      featureFlags: [],
      expirySeconds: body.expiry ?? DEFAULT_EXPIRY_SECONDS,
      sessionId: null,
      look: NO_LOOK,
    };
    return ok(await createPortalAccess({ ctx: scope.ctx, input }));
  },
});
