/** The identities of a person at identity providers, and how many ways to sign in are left. */
import type { Kysely } from "kysely";
import { notFound, PosthornError } from "../../../lib/errors.ts";
import type { Database } from "../../../store/schema.ts";
import { type Call, type Context, reader, write } from "../../context.ts";
import { idIterator } from "../../paging.ts";
import { requirePerson } from "../user.ts";

export interface Identity {
  readonly id: string;
  /** Name of the provider. */
  readonly provider: string;
  readonly issuer: string;
  readonly email: string | null;
  readonly createdAt: number;
  readonly lastUsedAt: number;
}

export async function listIdentities(ctx: Context): Promise<readonly Identity[]> {
  return await reader(ctx)
    .selectFrom("person_identity as i")
    .innerJoin("identity_provider as p", "p.id", "i.provider_id")
    .select(["i.public_id as id", "p.name as provider", "i.issuer", "i.email"])
    .select(["i.created_at as createdAt", "i.last_used_at as lastUsedAt"])
    .where("i.person_id", "=", requirePerson(ctx.actor).key)
    .orderBy("i.id")
    .execute();
}

/** Disconnects a provider from the account of the caller. */
export async function removeIdentity({ ctx, input }: Call<{ readonly id: string }>): Promise<void> {
  const { key } = requirePerson(ctx.actor);
  await write(ctx, async ({ db }) => {
    const { numDeletedRows } = await db
      .deleteFrom("person_identity")
      .where("id", "=", idIterator("ident_")(input.id) ?? -1)
      .where("person_id", "=", key)
      .executeTakeFirst();
    if (numDeletedRows === 0n) throw notFound("identity");
    await requireWayToSignIn(db, key);
  });
}

/** Throws if the person could no longer sign in. Called after a way to sign in is removed, in the same transaction. */
export async function requireWayToSignIn(db: Kysely<Database>, personKey: number): Promise<void> {
  const { password_hash: password } = await db
    .updateTable("person")
    // Takes the lock of the row, so that two removals at the same time cannot both succeed.
    .set((eb) => ({ created_at: eb.ref("created_at") }))
    .where("id", "=", personKey)
    .returning("password_hash")
    .executeTakeFirstOrThrow();
  if (password !== null) return;
  for (const table of ["passkey", "person_identity"] as const) {
    const row = await db.selectFrom(table).select("id").where("person_id", "=", personKey).limit(1).executeTakeFirst();
    if (row !== undefined) return;
  }
  throw new PosthornError("conflict", "This is your only way to sign in. Set a password or add a passkey first.");
}
