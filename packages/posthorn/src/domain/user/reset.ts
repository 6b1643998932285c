/** Links with which a person who forgot their password sets a new one. An administrator creates them, or the person asks for one by email. */
import type { Kysely } from "kysely";
import { PosthornError } from "../../lib/errors.ts";
import type { Database } from "../../store/schema.ts";
import { recordPersonAction } from "../audit/person.ts";
import { type OutsideCall, type Services, write } from "../context.ts";
import { mailLocale, noPasswordMail, resetMail } from "../mail/emails.ts";
import type { Mail } from "../mail/mailer.ts";
import { type Delivered, sendForOrganisation } from "../mail/send.ts";
import { addressSubject, countAttempt } from "../session/limits.ts";
import type { Client } from "../session/session.ts";
import { createOneTime, findOneTime, linkInvalid, takeOneTime } from "../session/one-time.ts";
import { endSessions } from "../session/session.ts";
import { type Attempt, completeSignIn, lockedPerson, organisationOf, type SignInResult } from "../session/sign-in.ts";
import { hashPassword } from "./password-hash.ts";
import { checkNewPassword } from "./password-rules.ts";
import { callerLocale, getUser, requireRoleManagement } from "./user.ts";
import { requireSoleOrganisation } from "./manage.ts";

const RESET_MS = 86_400_000;

export interface ResetLink {
  readonly url: string;
  readonly expiresAt: number;
}

/** A link that an administrator created, and whether it was sent to the person. */
export interface SentResetLink extends ResetLink {
  readonly delivered: Delivered;
}

/** Creates a link, and sends it if the server can. An earlier one of the same person ends. */
export async function createResetLink({ ctx, input }: OutsideCall<{ readonly user: string }>): Promise<SentResetLink> {
  const { services } = ctx;
  const { link, row } = await write(ctx, async ({ db }) => {
    const found = await getUser(ctx, db, input.user);
    await requireRoleManagement(ctx, db, [found.user.role]);
    await requireSoleOrganisation(ctx, db, found.row.id);
    return { row: found.row, link: await newLink(services, db, found.row.id, ctx.actor.orgId) };
  });
  const mail = resetMail(mailLocale(row.locale, await callerLocale(ctx)), { to: row.email, ...link });
  return { ...link, delivered: await sendForOrganisation(services, ctx.actor.orgId, mail) };
}

async function newLink(services: Services, db: Kysely<Database>, personKey: number, orgId: number): Promise<ResetLink> {
  await db.deleteFrom("person_token").where("kind", "=", "reset").where("person_id", "=", personKey).execute();
  const { code, expiresAt } = await createOneTime(services, db, {
    kind: "reset",
    orgId,
    personKey,
    lifetimeMs: RESET_MS,
  });
  return { url: `${services.rules.publicUrl()}/reset#code=${code}`, expiresAt };
}

/**
 * Sends a link to the person with this email address, if there is one. Returns before it has looked: neither the result nor its time shows
 * whether there is an account. Throws `conflict` if the server sends no email, and `too_many_sign_ins`.
 */
export async function requestReset(
  services: Services,
  { email, locale }: { readonly email: string; readonly locale: string | null },
  client: Client,
): Promise<void> {
  const { mailer } = services;
  if (mailer === null) {
    throw new PosthornError("conflict", "This server sends no email. Ask an administrator for a link.");
  }
  const address = email.trim().normalize("NFC").toLowerCase();
  await countAttempt(services, [addressSubject(client.ip), { kind: "reset", name: address.slice(0, 254) }]);
  mailer.sendLater(() => letterFor(services, address, locale, client));
}

async function letterFor(
  services: Services,
  address: string,
  locale: string | null,
  client: Client,
): Promise<Mail | null> {
  const { store } = services;
  const person = await store.db.selectFrom("person").selectAll().where("email", "=", address).executeTakeFirst();
  if (person === undefined || person.disabled_at !== null) return null;
  const language = mailLocale(person.locale, locale);
  // A password would be a way around the identity provider.
  if (person.password_hash === null) return noPasswordMail(language, person.email);
  const link = await store.transaction(async (tx) => {
    const orgId = await organisationOf(tx.db, person);
    await recordPersonAction(services, tx, { orgId, action: "user.request-reset", personKey: person.id, client });
    return await newLink(services, tx.db, person.id, orgId);
  }, "user.request-reset");
  return resetMail(language, { to: person.email, ...link });
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
