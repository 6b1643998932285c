import type { Kysely } from "kysely";
import type { Database } from "../../store/schema.ts";

const DAY_MS = 86_400_000;
/** A client that no person approves is deleted after this time. */
const UNUSED_MS = DAY_MS;
/** A client that no person has approved again for this long is deleted, unless it is connected. */
const APPROVED_MS = 365 * DAY_MS;
/** Deletes registrations that are no longer used, and connections whose session has ended. */
export async function expireClients(db: Kysely<Database>, now: number): Promise<void> {
  await db
    .deleteFrom("connected_client")
    .where((eb) =>
      eb.not(
        eb.exists(eb.selectFrom("person_session as s").select("s.id").whereRef("s.id", "=", "connected_client.id")),
      ),
    )
    .execute();
  await db
    .deleteFrom("oauth_client")
    .where((eb) =>
      eb.or([
        eb.and([eb("approved_at", "is", null), eb("created_at", "<=", now - UNUSED_MS)]),
        eb.and([
          eb("approved_at", "<=", now - APPROVED_MS),
          eb.not(
            eb.exists(
              eb
                .selectFrom("connected_client as c")
                .select("c.id")
                .whereRef("c.client_id", "=", "oauth_client.public_id"),
            ),
          ),
        ]),
      ]),
    )
    .execute();
}
