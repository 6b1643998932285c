/** What people change about themselves: name, email address, language, password, second factor. */
import { invalid, PosthornError } from "../../lib/errors.ts";
import type { Actor } from "../access.ts";
import { type Call, type Context, type OutsideCall, reader, type Services, write } from "../context.ts";
import { clearAttempts, countAttempt } from "../session/limits.ts";
import { endSessions } from "../session/session.ts";
import { lockedPerson, useSecondFactor } from "../session/sign-in.ts";
import { normaliseEmail } from "./email.ts";
import { checkPassword, hashPassword } from "./password-hash.ts";
import { checkNewPassword } from "./password-rules.ts";
import { hasPasskey, requireFirstFactor, requireNoSecondFactor } from "./required-factor.ts";
import { newRecoveryCodes, recoveryCodesLeft } from "./recovery-codes.ts";
import { checkTotp, newTotpSecret, totpUri } from "./totp.ts";
import { requireOwnAccount } from "./identity/scope.ts";
import { type PersonRow, requirePerson, rolesOf, toUser, type User } from "./user.ts";
import { sealedIn } from "../../store/sealed-columns.ts";

export interface Profile extends User {
  readonly locale: string | null;
  readonly hasPassword: boolean;
  readonly recoveryCodesLeft: number;
}

async function ownRow(ctx: Context): Promise<PersonRow> {
  const { key } = requirePerson(ctx.actor);
  return await reader(ctx).selectFrom("person").selectAll().where("id", "=", key).executeTakeFirstOrThrow();
}

export async function getProfile(ctx: Context): Promise<Profile> {
  const row = await ownRow(ctx);
  return {
    ...toUser(row, await rolesOf(reader(ctx), ctx.actor.orgId, [row.id])),
    locale: row.locale,
    hasPassword: row.password_hash !== null,
    recoveryCodesLeft: recoveryCodesLeft(row.recovery_codes_json),
  };
}

/** Language that the person who calls chose; `null`: none. */
export async function localeOf(store: Pick<Services["store"], "db">, actor: Actor): Promise<string | null> {
  if (actor.kind !== "organisation" || actor.caller.kind !== "user") return null;
  const row = await store.db
    .selectFrom("person")
    .select("locale")
    .where("id", "=", actor.caller.key)
    .executeTakeFirst();
  return row?.locale ?? null;
}

/** Throws unless this is the password of the person. For changes that a stranger at an unlocked screen must not make. */
async function requirePassword(services: Services, row: PersonRow, password: string): Promise<void> {
  if (row.password_hash === null) return;
  const subjects = [{ kind: "factor", name: `${row.id} password` }] as const;
  await countAttempt(services, subjects);
  const { matches } = await checkPassword(password, row.password_hash);
  if (!matches) throw new PosthornError("sign_in_failed", "The current password is wrong.");
  await clearAttempts(services, subjects);
}

export interface ProfileChange {
  readonly name?: string | undefined;
  /** `null`: that of the browser. */
  readonly locale?: string | null | undefined;
  readonly email?: string | undefined;
  /** Required to change the email address. */
  readonly currentPassword?: string | undefined;
}

export async function changeProfile({ ctx, input }: OutsideCall<ProfileChange>): Promise<Profile> {
  const row = await ownRow(ctx);
  const email = input.email === undefined ? row.email : normaliseEmail(input.email);
  if (email !== row.email) {
    await requireOwnAccount(reader(ctx), requirePerson(ctx.actor));
    await requirePassword(ctx.services, row, input.currentPassword ?? "");
  }
  await write(ctx, async ({ db }) => {
    const taken = await db
      .selectFrom("person")
      .select("id")
      .where("email", "=", email)
      .where("id", "!=", row.id)
      .executeTakeFirst();
    if (taken !== undefined) throw new PosthornError("conflict", "Another user has this email address.");
    const locale = input.locale === undefined ? row.locale : input.locale;
    await db
      .updateTable("person")
      .set({ name: (input.name ?? row.name).trim(), email, locale })
      .where("id", "=", row.id)
      .execute();
  });
  return await getProfile(ctx);
}

/** Changes the password, and ends all other sessions of the person. */
export async function changePassword({
  ctx,
  input,
}: OutsideCall<{ readonly currentPassword: string; readonly newPassword: string }>): Promise<void> {
  const { services } = ctx;
  const row = await ownRow(ctx);
  const { key, sessionKey } = requirePerson(ctx.actor);
  await requireOwnAccount(reader(ctx), { key, sessionKey });
  await requirePassword(services, row, input.currentPassword);
  await checkNewPassword(input.newPassword, [row.email, row.name], "newPassword");
  const hash = await hashPassword(input.newPassword);
  await write(ctx, async (tx) => {
    await tx.db
      .updateTable("person")
      .set({ password_hash: hash, password_changed_at: services.now() })
      .where("id", "=", row.id)
      .execute();
    await tx.db.deleteFrom("person_token").where("person_id", "=", row.id).execute();
    await endSessions(tx, row.id, sessionKey);
  });
}

export interface NewSecondFactor {
  readonly secret: string;
  /** Text of the QR code. */
  readonly uri: string;
}

/** Prepares one-time codes. They are required after the person has confirmed the secret with a code. */
export async function prepareSecondFactor({
  ctx,
  input,
}: OutsideCall<{ readonly currentPassword: string }>): Promise<NewSecondFactor> {
  const { services } = ctx;
  const row = await ownRow(ctx);
  if (row.totp_sealed !== null) {
    throw new PosthornError("conflict", "The second factor is on. Turn it off before you set it up again.");
  }
  await requireOwnAccount(reader(ctx), requirePerson(ctx.actor));
  await requireFirstFactor(reader(ctx), ctx.actor);
  await requirePassword(services, row, input.currentPassword);
  const secret = newTotpSecret();
  await write(ctx, async ({ db }) => {
    await db
      .updateTable("person")
      .set({ totp_pending_sealed: services.secretBox.seal(secret, sealedIn("person.totp_pending_sealed", row.id)) })
      .where("id", "=", row.id)
      .execute();
  });
  return { secret, uri: totpUri(secret, row.email, "Posthorn") };
}

/** Turns one-time codes on. Returns the recovery codes, which are shown only here. */
export async function confirmSecondFactor({ ctx, input }: Call<{ readonly code: string }>): Promise<readonly string[]> {
  const { services } = ctx;
  const { key, sessionKey } = requirePerson(ctx.actor);
  return await write(ctx, async (tx) => {
    const row = await lockedPerson(tx.db, key);
    await requireFirstFactor(tx.db, ctx.actor);
    if (row === null || row.totp_pending_sealed === null) {
      throw new PosthornError("conflict", "Create the secret first: there is none, or it was already confirmed.");
    }
    const secret = services.secretBox.open(row.totp_pending_sealed, sealedIn("person.totp_pending_sealed", key));
    const step = checkTotp(secret, input.code, services.now(), null);
    if (step === null)
      throw invalid("code", "The code is wrong. Check the time of your device, and try the next code.");
    const { codes, json } = newRecoveryCodes();
    await tx.db
      .updateTable("person")
      .set({
        totp_sealed: services.secretBox.seal(secret, sealedIn("person.totp_sealed", key)),
        totp_pending_sealed: null,
        totp_step: step,
        recovery_codes_json: json,
      })
      .where("id", "=", key)
      .execute();
    await tx.db
      .updateTable("person_session")
      .set({ second_factor_at: services.now() })
      .where("id", "=", sessionKey)
      .execute();
    // Also clears the cached identity of this session, which may have lacked a second factor.
    await endSessions(tx, key, sessionKey);
    return codes;
  });
}

/** Replaces the recovery codes. Needs a code of the second factor, which a stranger at an unlocked screen does not have. */
export async function replaceRecoveryCodes({
  ctx,
  input,
}: OutsideCall<{ readonly code: string }>): Promise<readonly string[]> {
  return await withSecondFactor({ ctx, input }, async (db, key) => {
    const { codes, json } = newRecoveryCodes();
    await db.updateTable("person").set({ recovery_codes_json: json }).where("id", "=", key).execute();
    return codes;
  });
}

/** Turns one-time codes off. Needs one of them, or a recovery code. */
export async function turnOffSecondFactor({ ctx, input }: OutsideCall<{ readonly code: string }>): Promise<void> {
  await withSecondFactor({ ctx, input }, async (db, key) => {
    if (!(await hasPasskey(db, key))) await requireNoSecondFactor(db, key);
    await db
      .updateTable("person")
      .set({ totp_sealed: null, totp_pending_sealed: null, totp_step: null, recovery_codes_json: null })
      .where("id", "=", key)
      .execute();
  });
}

async function withSecondFactor<T>(
  { ctx, input }: OutsideCall<{ readonly code: string }>,
  work: (db: ReturnType<typeof reader>, key: number) => Promise<T>,
): Promise<T> {
  const { services } = ctx;
  const { key } = requirePerson(ctx.actor);
  const subjects = [{ kind: "factor", name: String(key) }] as const;
  await countAttempt(services, subjects);
  const result = await write(ctx, async ({ db }) => {
    const row = await lockedPerson(db, key);
    if (row === null || row.totp_sealed === null) throw new PosthornError("conflict", "The second factor is off.");
    await useSecondFactor(services, db, row, input.code);
    return await work(db, key);
  });
  await clearAttempts(services, subjects);
  return result;
}
