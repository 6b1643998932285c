import type { Kysely } from "kysely";
import { RELAY_KIND } from "../../destinations/kinds.ts";
import type { ApplicationKind, Database } from "../../store/schema.ts";
import { systemActor } from "../access.ts";
import { recordSystemChange } from "../audit/trail.ts";
import { type Services, write } from "../context.ts";
import { deleteEndpoint } from "../endpoint/delete.ts";
import { deleteExpiredTokens } from "./delete-tokens.ts";

/** How long an endpoint without a listener is kept. */
export const IDLE_LISTENER_MS = 30 * 86_400_000;
/** Endpoints deleted in one run. The next run continues. */
const MAX_DELETED = 200;

/**
 * Deletes relay endpoints that no listener has used for a month, so that abandoned ones do not collect deliveries forever. Their deliveries are
 * canceled; the messages remain, and a new listener can request them. Also deletes listen tokens that have expired.
 */
export async function expireListeners(services: Services, signal: AbortSignal): Promise<void> {
  const { store, now } = services;
  const at = now();
  await store.transaction(async (tx) => {
    await beginTerms(tx.db, at);
    await deleteExpiredTokens(tx, at);
  }, "maintenance");
  for (const found of await idleEndpoints(store.db, at).limit(MAX_DELETED).execute()) {
    if (signal.aborted) return;
    const actor = systemActor(found.org_id, found.org_public_id);
    const ctx = { services, actor, tx: null, applicationKind: found.kind as ApplicationKind };
    await write(ctx, async (tx) => {
      // A listener may have connected in the meantime.
      const idle = await idleEndpoints(tx.db, at).where("endpoint.id", "=", found.id).executeTakeFirst();
      if (idle === undefined) return;
      await deleteEndpoint({ ctx: { ...ctx, tx }, input: { app: found.app, endpoint: found.public_id } });
      await recordSystemChange(services, tx, {
        orgId: found.org_id,
        action: "system.endpoint.expire",
        target: { kind: "endpoint", id: found.public_id, name: null },
        application: { key: found.app_id, id: found.app },
      });
    });
  }
}

/** Starts the month of endpoints that never had a listener, or none since the server records it. */
async function beginTerms(db: Kysely<Database>, at: number): Promise<void> {
  await db
    .updateTable("endpoint")
    .set({ listened_at: at })
    .where("kind", "=", RELAY_KIND)
    .where("listened_at", "is", null)
    .where("deleted_at", "is", null)
    .execute();
}

/** Relay endpoints whose month is over, and that have no listener. */
function idleEndpoints(db: Kysely<Database>, at: number) {
  return db
    .selectFrom("endpoint")
    .innerJoin("application", "application.id", "endpoint.app_id")
    .innerJoin("organisation", "organisation.id", "application.org_id")
    .select(["endpoint.id", "endpoint.public_id", "endpoint.app_id"])
    .select(["application.public_id as app", "application.kind", "application.org_id"])
    .select("organisation.public_id as org_public_id")
    .where("endpoint.kind", "=", RELAY_KIND)
    .where("endpoint.deleted_at", "is", null)
    .where("application.deleted_at", "is", null)
    .where("endpoint.listened_at", "<", at - IDLE_LISTENER_MS)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom("relay_session")
            .select("relay_session.id")
            .whereRef("relay_session.endpoint_id", "=", "endpoint.id")
            .where("relay_session.lease_until", ">", at),
        ),
      ),
    );
}
