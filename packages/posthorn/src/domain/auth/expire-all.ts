import { getApplication } from "../application/find.ts";
import { type Call, write } from "../context.ts";

export interface ExpireTokens {
  readonly app: string;
  /** How long the tokens remain valid. */
  readonly afterMs: number;
  /** Only tokens of these sessions; empty: all tokens. */
  readonly sessionIds: readonly string[];
}

/** Value in `token_end` for all sessions. */
export const ANY_SESSION = "";

/** Expires all tokens of an application issued until now. Later tokens are not affected. */
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
