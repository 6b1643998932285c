import { type Context, write } from "../context.ts";

/** Revokes the application token of the caller. Organisation tokens are not revoked: revoke the key or change the secret instead. */
export async function logout(ctx: Context): Promise<void> {
  const { actor } = ctx;
  if (actor.kind !== "application") return;
  await write(ctx, async ({ db, signal }) => {
    const expiresAt = Number.isFinite(actor.tokenExpiresAt) ? actor.tokenExpiresAt : Number.MAX_SAFE_INTEGER;
    await db
      .insertInto("revoked_token")
      .values({ hash: actor.tokenHash, expires_at: expiresAt })
      .onConflict((conflict) => conflict.column("hash").doNothing())
      .execute();
    await db.deleteFrom("revoked_token").where("expires_at", "<", ctx.services.now()).execute();
    signal({ kind: "tokens" });
  });
}
