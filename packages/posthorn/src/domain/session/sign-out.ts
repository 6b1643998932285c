import { recordPersonAction } from "../audit/person.ts";
import { hashToken } from "../auth/hash-token.ts";
import type { Services } from "../context.ts";
import { type Client, endSessionOf, endSessions } from "./session.ts";

/** Ends the session with this cookie, or all sessions of its person. Does nothing if the session has already ended. */
export async function signOut(services: Services, secret: string, everywhere: boolean, client: Client): Promise<void> {
  await services.store.transaction(async (tx) => {
    const row = await tx.db
      .selectFrom("person_session")
      .select(["public_id", "org_id", "person_id"])
      .where("hash", "=", hashToken(secret))
      .executeTakeFirst();
    if (row === undefined) return;
    const { public_id: id, org_id: orgId, person_id: personKey } = row;
    if (everywhere && personKey !== null) await endSessions(tx, personKey, null);
    await endSessionOf(tx, secret);
    await recordPersonAction(services, tx, {
      orgId,
      action: "session.sign-out",
      personKey,
      target: { kind: "session", id, name: null },
      facts: { everywhere },
      client,
    });
  }, "session.sign-out");
}
