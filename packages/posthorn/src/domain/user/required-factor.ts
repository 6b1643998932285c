/** Second factors of people whose organisation requires one. */
import type { Kysely } from "kysely";
import { PosthornError } from "../../lib/errors.ts";
import type { Actor } from "../access.ts";
import type { Database } from "../../store/schema.ts";

export async function hasPasskey(db: Kysely<Database>, personKey: number): Promise<boolean> {
  const row = await db
    .selectFrom("passkey")
    .select("id")
    .where("person_id", "=", personKey)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

export async function hasOneTimeCodes(db: Kysely<Database>, personKey: number): Promise<boolean> {
  const row = await db
    .selectFrom("person")
    .select("id")
    .where("id", "=", personKey)
    .where("totp_sealed", "is not", null)
    .executeTakeFirst();
  return row !== undefined;
}

/** Throws if an organisation of the person requires a second factor. For the removal of the last one. */
export async function requireNoSecondFactor(db: Kysely<Database>, personKey: number): Promise<void> {
  const row = await db
    .selectFrom("membership as m")
    .innerJoin("organisation as o", "o.id", "m.org_id")
    .select("o.id")
    .where("m.person_id", "=", personKey)
    .where("o.requires_second_factor", "=", 1)
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return;
  throw new PosthornError(
    "conflict",
    "Your organisation requires a second factor, and this is your only one. Set up another one first.",
  );
}

/**
 * Throws if the session began without the second factor that the person has. Otherwise, a stranger who knows the password could add
 * another one.
 */
export async function requireFirstFactor(db: Kysely<Database>, actor: Actor): Promise<void> {
  if (actor.kind !== "organisation" || actor.caller.kind !== "user" || actor.caller.lacksSecondFactor !== true) return;
  const { key } = actor.caller;
  if (!(await hasPasskey(db, key)) && !(await hasOneTimeCodes(db, key))) return;
  throw new PosthornError("second_factor_required", "You have a second factor already. Sign in with it.");
}
