/** Invitations: a link with which a person joins an organisation, once. */
import type { Kysely } from "kysely";
import { invalid, notFound, PosthornError } from "../../lib/errors.ts";
import type { Database } from "../../store/schema.ts";
import { getApplication } from "../application/find.ts";
import { recordPersonAction } from "../audit/person.ts";
import { type Call, type Context, type OutsideCall, reader, type Services, write } from "../context.ts";
import { invitationMail, mailLocale } from "../mail/emails.ts";
import type { Mail } from "../mail/mailer.ts";
import { type Delivered, sendForOrganisation } from "../mail/send.ts";
import { idIterator } from "../paging.ts";
import { isRole, type Role } from "../role.ts";
import { createOneTime, findOneTime, linkInvalid, type OneTimeRow, takeOneTime } from "../session/one-time.ts";
import { type Attempt, completeSignIn, type SignInResult } from "../session/sign-in.ts";
import { normaliseEmail } from "./email.ts";
import { requireSessionFor } from "./identity/scope.ts";
import { insertMembership, insertPerson } from "./account.ts";
import { prepareAccount } from "./set-up.ts";
import { callerLocale, requirePerson, requireRoleManagement, rolesOf } from "./user.ts";

const INVITATION_MS = 7 * 86_400_000;

export interface Invitation {
  readonly id: string;
  readonly email: string;
  readonly role: Role;
  /** ID of the application that the role is limited to; `null`: the whole organisation. */
  readonly app: string | null;
  /** Name of the person who invited; empty: it was created with a token. */
  readonly createdBy: string;
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** Creates an invitation, and sends it if the server can. An earlier one for the same address and application ends. */
export async function invite({
  ctx,
  input,
}: OutsideCall<{ readonly email: string; readonly role: Role; readonly app: string | null }>): Promise<
  Invitation & { readonly url: string; readonly delivered: Delivered }
> {
  const { services, actor } = ctx;
  const email = normaliseEmail(input.email);
  const application = input.app === null ? null : await getApplication(ctx, input.app);
  if (application !== null && input.role === "owner") {
    throw invalid("role", "The owner role applies to the whole organisation. Choose another role for one application.");
  }
  const createdBy = await callerName(ctx);
  const made = await write(ctx, async ({ db }) => {
    await requireRoleManagement(ctx, db, [input.role]);
    await refuseMember(db, actor.orgId, email, application?.key ?? null);
    await endInvitations(db, actor.orgId, email, application?.key ?? null);
    return await createOneTime(services, db, {
      kind: "invitation",
      orgId: actor.orgId,
      appKey: application?.key ?? null,
      role: input.role,
      email,
      createdBy,
      lifetimeMs: INVITATION_MS,
    });
  });
  const { id, code, createdAt, expiresAt } = made;
  const url = `${services.rules.publicUrl()}/invitation#code=${code}`;
  const mail = await createInvitationMail(ctx, { to: email, from: createdBy, url, expiresAt });
  const delivered = await sendForOrganisation(services, actor.orgId, mail);
  return { id, email, role: input.role, app: application?.id ?? null, createdBy, createdAt, expiresAt, url, delivered };
}

/** In the language of the person, if they have an account; otherwise in that of the person who invites. */
async function createInvitationMail(
  ctx: Context,
  input: { readonly to: string; readonly from: string; readonly url: string; readonly expiresAt: number },
): Promise<Mail> {
  const db = reader(ctx);
  const person = await db.selectFrom("person").select("locale").where("email", "=", input.to).executeTakeFirst();
  const { name } = await db
    .selectFrom("organisation")
    .select("name")
    .where("id", "=", ctx.actor.orgId)
    .executeTakeFirstOrThrow();
  return invitationMail(mailLocale(person?.locale, await callerLocale(ctx)), { ...input, organisation: name });
}

async function refuseMember(db: Kysely<Database>, orgId: number, email: string, appKey: number | null): Promise<void> {
  const person = await db.selectFrom("person").select("id").where("email", "=", email).executeTakeFirst();
  const roles = person === undefined ? [] : await rolesOf(db, orgId, [person.id]);
  if (!roles.some((role) => role.appKey === appKey)) return;
  throw new PosthornError("conflict", `${email} already has a role here. Change it in the list of users.`);
}

async function endInvitations(
  db: Kysely<Database>,
  orgId: number,
  email: string,
  appKey: number | null,
): Promise<void> {
  await db
    .deleteFrom("person_token")
    .where("kind", "=", "invitation")
    .where("org_id", "=", orgId)
    .where("email", "=", email)
    .where("app_id", appKey === null ? "is" : "=", appKey)
    .execute();
}

/** Name of the person who calls; empty for tokens. */
async function callerName(ctx: Context): Promise<string> {
  const { actor } = ctx;
  if (actor.kind !== "organisation" || actor.caller.kind !== "user") return "";
  const row = await reader(ctx)
    .selectFrom("person")
    .select("name")
    .where("id", "=", actor.caller.key)
    .executeTakeFirst();
  return row?.name ?? "";
}

/** The invitations that are open, oldest first. */
export async function listInvitations(ctx: Context): Promise<readonly Invitation[]> {
  const rows = await reader(ctx)
    .selectFrom("person_token as t")
    .leftJoin("application as a", "a.id", "t.app_id")
    .selectAll("t")
    .select("a.public_id as app")
    .where("t.kind", "=", "invitation")
    .where("t.org_id", "=", ctx.actor.orgId)
    .where("t.expires_at", ">", ctx.services.now())
    .orderBy("t.id")
    .execute();
  return rows.flatMap((row) =>
    row.email !== null && row.role !== null && isRole(row.role)
      ? [
          {
            id: row.public_id,
            email: row.email,
            role: row.role,
            app: row.app,
            createdBy: row.created_by,
            createdAt: row.created_at,
            expiresAt: row.expires_at,
          },
        ]
      : [],
  );
}

/** Withdraws an invitation: its link no longer works. */
export async function withdrawInvitation({ ctx, input }: Call<{ readonly invitation: string }>): Promise<void> {
  await write(ctx, async ({ db }) => {
    const { numDeletedRows } = await db
      .deleteFrom("person_token")
      .where("id", "=", idIterator("inv_")(input.invitation) ?? -1)
      .where("public_id", "=", input.invitation)
      .where("kind", "=", "invitation")
      .where("org_id", "=", ctx.actor.orgId)
      .executeTakeFirst();
    if (numDeletedRows === 0n) throw notFound("invitation");
  });
}

export interface OpenInvitation {
  readonly email: string;
  readonly role: string;
  readonly createdBy: string;
  readonly expiresAt: number;
  /** The person has an account, and accepts the invitation signed in. */
  readonly hasAccount: boolean;
}

/** Details of the invitation behind a link. */
export async function readInvitation({ store, now }: Services, code: string): Promise<OpenInvitation> {
  const row = await findOneTime(store.db, "invitation", code, now());
  const { email, role } = detailsOf(row);
  const person = await store.db.selectFrom("person").select("id").where("email", "=", email).executeTakeFirst();
  return {
    email,
    role,
    createdBy: row.created_by,
    expiresAt: row.expires_at,
    hasAccount: person !== undefined,
  };
}

function detailsOf({ email, role }: OneTimeRow): { readonly email: string; readonly role: Role } {
  if (email === null || role === null || !isRole(role)) throw linkInvalid();
  return { email, role };
}

/** Creates the account of the person who was invited, and signs them in. */
export async function acceptInvitation(
  services: Services,
  code: string,
  { name, password }: { readonly name: string; readonly password: string },
  attempt: Attempt,
): Promise<SignInResult> {
  const { store, now } = services;
  const found = detailsOf(await findOneTime(store.db, "invitation", code, now()));
  if (
    (await store.db.selectFrom("person").select("id").where("email", "=", found.email).executeTakeFirst()) !== undefined
  ) {
    throw hasAccount();
  }
  const account = await prepareAccount({ email: found.email, name, password });
  return await store.transaction(async (tx) => {
    const row = await takeOneTime(tx.db, "invitation", code, now());
    const { email, role } = detailsOf(row);
    const existing = await tx.db.selectFrom("person").select("id").where("email", "=", email).executeTakeFirst();
    if (existing !== undefined) throw hasAccount();
    const person = await insertPerson(services, tx, account);
    await insertMembership(services, tx, { personKey: person.id, orgId: row.org_id, appKey: row.app_id, role });
    await recordPersonAction(services, tx, {
      orgId: row.org_id,
      action: "user.accept-invitation",
      personKey: person.id,
      facts: { role },
      client: attempt,
    });
    return await completeSignIn(services, tx, person, attempt);
  }, "user.accept-invitation");
}

function hasAccount(): PosthornError {
  return new PosthornError("conflict", "You already have an account. Sign in, then open the invitation again.");
}

/** Adds the role of an invitation to the person who is signed in. The invitation must be for their email address. */
export async function joinWithInvitation({ ctx, input }: Call<{ readonly code: string }>): Promise<void> {
  const { services } = ctx;
  const { key, sessionKey } = requirePerson(ctx.actor);
  await write(ctx, async (tx) => {
    const row = await takeOneTime(tx.db, "invitation", input.code, services.now());
    const { email, role } = detailsOf(row);
    const person = await tx.db.selectFrom("person").select(["id", "email"]).where("id", "=", key).executeTakeFirst();
    if (person === undefined || person.email !== email) {
      throw new PosthornError("insufficient access", `This invitation is for ${email}. Sign in with that account.`);
    }
    const roles: readonly { readonly appKey: number | null }[] = await rolesOf(tx.db, row.org_id, [person.id]);
    await requireSessionFor(tx.db, { sessionKey }, row.org_id);
    if (roles.some(({ appKey }) => appKey === row.app_id)) {
      throw new PosthornError("conflict", "You already have a role here.");
    }
    await insertMembership(services, tx, { personKey: person.id, orgId: row.org_id, appKey: row.app_id, role });
    tx.signal({ kind: "tokens" });
  });
}
