/** Links with which a person who forgot their password sets a new one. Another person or the command line creates them. */
import { recordPersonAction } from "../audit/person.ts";
import type { Services } from "../context.ts";
import { type Call, write } from "../context.ts";
import { createOneTime, findOneTime, linkInvalid, takeOneTime } from "../session/one-time.ts";
import { endSessions } from "../session/session.ts";
import { type Attempt, completeSignIn, lockedPerson, organisationOf, type SignInResult } from "../session/sign-in.ts";
import { hashPassword } from "./password-hash.ts";
import { checkNewPassword } from "./password-rules.ts";
import { getUser, requireRoleManagement } from "./user.ts";
import { requireSoleOrganisation } from "./manage.ts";

const RESET_MS = 86_400_000;

export interface ResetLink {
  readonly url: string;
  readonly expiresAt: number;
}

/** Creates a link. An earlier one of the same person ends. */
export async function createResetLink({ ctx, input }: Call<{ readonly user: string }>): Promise<ResetLink> {
  const { services } = ctx;
  return await write(ctx, async ({ db }) => {
    const { row, user } = await getUser(ctx, db, input.user);
    await requireRoleManagement(ctx, db, [user.role]);
    await requireSoleOrganisation(ctx, db, row.id);
    await db.deleteFrom("person_token").where("kind", "=", "reset").where("person_id", "=", row.id).execute();
    const { code, expiresAt } = await createOneTime(services, db, {
      kind: "reset",
      orgId: ctx.actor.orgId,
      personKey: row.id,
      lifetimeMs: RESET_MS,
    });
    return { url: `${services.rules.publicUrl()}/reset#code=${code}`, expiresAt };
  });
}

/** Whom a link is for. */
export async function readResetLink({ store, now }: Services, code: string): Promise<{ readonly email: string }> {
  const { person_id: key } = await findOneTime(store.db, "reset", code, now());
  const row = await store.db
    .selectFrom("person")
    .select("email")
    .where("id", "=", key ?? -1)
    .where("disabled_at", "is", null)
    .executeTakeFirst();
  if (row === undefined) throw linkInvalid();
  return row;
}

/** Sets the new password, ends all sessions of the person, and signs them in. The second factor is still required. */
export async function resetPassword(
  services: Services,
  { code, password }: { readonly code: string; readonly password: string },
  attempt: Attempt,
): Promise<SignInResult> {
  const { store, now } = services;
  const { email } = await readResetLink(services, code);
  await checkNewPassword(password, [email]);
  const hash = await hashPassword(password);
  return await store.transaction(async (tx) => {
    const { person_id: key } = await takeOneTime(tx.db, "reset", code, now());
    const person = await lockedPerson(tx.db, key ?? -1);
    if (person === null || person.disabled_at !== null) throw linkInvalid();
    await tx.db
      .updateTable("person")
      .set({ password_hash: hash, password_changed_at: now() })
      .where("id", "=", person.id)
      .execute();
    await tx.db.deleteFrom("person_token").where("person_id", "=", person.id).execute();
    await endSessions(tx, person.id, null);
    const orgId = await organisationOf(tx.db, person);
    await recordPersonAction(services, tx, {
      orgId,
      action: "user.reset-password",
      personKey: person.id,
      client: attempt,
    });
    return await completeSignIn(services, tx, person, attempt);
  }, "user.reset");
}
