import { expireClients } from "../connected-client/expire.ts";
import type { Services } from "../context.ts";

/** Deletes sessions, links, codes and counts of failures that have expired. */
export async function expireSessions({ store, now }: Pick<Services, "store" | "now">): Promise<void> {
  await store.transaction(async ({ db }) => {
    await db.deleteFrom("person_session").where("expires_at", "<=", now()).execute();
    await db.deleteFrom("person_token").where("expires_at", "<=", now()).execute();
    await db.deleteFrom("device_request").where("expires_at", "<=", now()).execute();
    await db.deleteFrom("sign_in_failure").where("expires_at", "<=", now()).execute();
    await expireClients(db, now());
  }, "maintenance");
}
