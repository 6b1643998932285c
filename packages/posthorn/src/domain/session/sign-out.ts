import type { Services } from "../context.ts";
import { hashToken } from "../auth/hash-token.ts";
import { endSessionOf, endSessions } from "./session.ts";

/**
 * Ends the session with this cookie, or all sessions of its person. It is not an error if the session has already
 * ended.
 */
export async function signOut({ store }: Services, secret: string, everywhere: boolean): Promise<void> {
  await store.transaction(async (tx) => {
    const row = await tx.db
      .selectFrom("person_session")
      .select("person_id")
      .where("hash", "=", hashToken(secret))
      .executeTakeFirst();
    if (everywhere && row !== undefined && row.person_id !== null) await endSessions(tx, row.person_id, null);
    await endSessionOf(tx, secret);
  }, "session.sign-out");
}
