import { PosthornError } from "../../lib/errors.ts";
import { getApplication } from "../application/find.ts";
import { CAPABILITIES, type Capability } from "../access.ts";
import type { Call } from "../context.ts";
import type { PortalLook } from "./look.ts";

export interface PortalSession {
  readonly app: { readonly id: string; readonly uid: string | null; readonly name: string };
  readonly capabilities: readonly Capability[];
  readonly sessionId: string | null;
  /** When the token expires, in Unix milliseconds; `null`: never. */
  readonly expiresAt: number | null;
  readonly look: PortalLook;
  /** HTTPS URL of the operator's documentation; `null`: none. */
  readonly docsUrl: string | null;
}

/** Returns the application and capabilities of the caller's token. For display in the portal only: each operation checks access itself. */
export async function portalSession({ ctx }: Call<null>): Promise<PortalSession> {
  const { actor } = ctx;
  if (actor.kind !== "application") {
    throw new PosthornError(
      "insufficient access",
      "This operation requires an application token. Create one with POST /api/v1/auth/app-portal-access/{app}.",
    );
  }
  const { id, uid, name } = await getApplication(ctx, actor.appPublicId);
  return {
    app: { id, uid, name },
    capabilities: CAPABILITIES.filter((capability) => actor.capabilities.has(capability)),
    sessionId: actor.sessionId,
    expiresAt: Number.isFinite(actor.tokenExpiresAt) ? actor.tokenExpiresAt : null,
    look: ctx.services.rules.portalLook,
    docsUrl: ctx.services.rules.portalDocs,
  };
}
