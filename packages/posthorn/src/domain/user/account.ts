/** Rows of people and of their roles. */
import type { Tx } from "../../store/tx.ts";
import type { TransactionServices } from "../context.ts";
import type { Role } from "../role.ts";
import type { PersonRow } from "./user.ts";

export interface ReadyAccount {
  readonly email: string;
  readonly name: string;
  /** `null`: the person signs in in another way. */
  readonly passwordHash: string | null;
}

export async function insertPerson(
  { ids, now }: Pick<TransactionServices, "ids" | "now">,
  { db }: Pick<Tx, "db">,
  { email, name, passwordHash }: ReadyAccount,
): Promise<PersonRow> {
  const { key, id } = ids.next("usr_");
  return await db
    .insertInto("person")
    .values({
      id: key,
      public_id: id,
      email,
      name,
      password_hash: passwordHash,
      password_changed_at: passwordHash === null ? null : now(),
      totp_sealed: null,
      totp_pending_sealed: null,
      totp_step: null,
      recovery_codes_json: null,
      locale: null,
      disabled_at: null,
      created_at: now(),
      last_sign_in_at: null,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
}

export async function insertMembership(
  { ids, now }: Pick<TransactionServices, "ids" | "now">,
  { db }: Pick<Tx, "db">,
  {
    personKey,
    orgId,
    appKey,
    role,
  }: { readonly personKey: number; readonly orgId: number; readonly appKey: number | null; readonly role: Role },
): Promise<void> {
  const { key } = ids.next("usr_");
  await db
    .insertInto("membership")
    .values({ id: key, person_id: personKey, org_id: orgId, app_id: appKey, role, created_at: now() })
    .execute();
}
