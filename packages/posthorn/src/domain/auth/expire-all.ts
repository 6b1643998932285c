import { getApplication } from "../application/find.ts";
import { type Call, write } from "../context.ts";

export interface ExpireTokens {
  readonly app: string;
  /** How long they are still good. */
  readonly afterMs: number;
  /** Tokens of these sessions alone; empty: all. */
  readonly sessionIds: readonly string[];
}

/** In `token_end`: of any session. */
export const ANY_SESSION = "";

/** Ends every token of an application that was issued until now. Tokens made from now on are not touched. */
export async function expireTokens({ ctx, input }: Call<ExpireTokens>): Promise<void> {
  const application = await getApplication(ctx, input.app);
  const now = ctx.services.now();
  const expiresAt = now + input.afterMs;
  const sessions = input.sessionIds.length === 0 ? [ANY_SESSION] : [...new Set(input.sessionIds)];
  await write(ctx, async ({ db, signal }) => {
    const earlier = db
      .deleteFrom("token_end")
      .where("app_id", "=", application.key)
      .where("session_id", "in", sessions);
    // The new rule covers more tokens, so an older rule that ends them later is redundant.
    await earlier.where("expires_at", ">=", expiresAt).execute();
    await db
      .insertInto("token_end")
      .values(
        sessions.map((session) => ({
          app_id: application.key,
          session_id: session,
          issued_until: now,
          expires_at: expiresAt,
        })),
      )
      .onConflict((conflict) =>
        conflict.columns(["app_id", "session_id", "issued_until"]).doUpdateSet((eb) => ({
          expires_at: eb
            .case()
            .when("token_end.expires_at", "<", eb.ref("excluded.expires_at"))
            .then(eb.ref("token_end.expires_at"))
            .else(eb.ref("excluded.expires_at"))
            .end(),
        })),
      )
      .execute();
    signal({ kind: "tokens" });
  });
}
