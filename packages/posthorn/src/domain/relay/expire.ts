import { RELAY_KIND } from "../../destinations/kinds.ts";
import type { ApplicationKind } from "../../store/schema.ts";
import { systemActor } from "../access.ts";
import type { Services } from "../context.ts";
import { deleteEndpoint } from "../endpoint/delete.ts";

/** How long an endpoint without a listener is kept. */
export const IDLE_LISTENER_MS = 30 * 86_400_000;
/** Endpoints deleted in one run. The next run continues. */
const MOST = 200;

/**
 * Deletes relay endpoints that no listener has used for a month, so that forgotten ones do not collect deliveries without end. Their deliveries
 * are canceled; the messages stay, and a new listener can ask for them.
 */
export async function expireListeners(services: Services, signal: AbortSignal): Promise<void> {
  const { store, now } = services;
  const at = now();
  const idle = await store.db
    .selectFrom("endpoint")
    .innerJoin("application", "application.id", "endpoint.app_id")
    .innerJoin("organisation", "organisation.id", "application.org_id")
    .select(["endpoint.public_id", "application.public_id as app", "application.kind", "application.org_id"])
    .select("organisation.public_id as org_public_id")
    .where("endpoint.kind", "=", RELAY_KIND)
    .where("endpoint.deleted_at", "is", null)
    .where("application.deleted_at", "is", null)
    .where(({ eb, fn }) => eb(fn.coalesce("endpoint.listened_at", "endpoint.updated_at"), "<", at - IDLE_LISTENER_MS))
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom("relay_session")
            .select("relay_session.id")
            .whereRef("relay_session.endpoint_id", "=", "endpoint.id")
            .where("relay_session.lease_until", ">", at),
        ),
      ),
    )
    .limit(MOST)
    .execute();
  for (const { public_id: endpoint, app, kind, org_id: orgId, org_public_id: orgPublicId } of idle) {
    if (signal.aborted) return;
    const actor = systemActor(orgId, orgPublicId);
    const ctx = { services, actor, tx: null, applicationKind: kind as ApplicationKind };
    await deleteEndpoint({ ctx, input: { app, endpoint } });
  }
}
