/** The first person of a server, who becomes the owner: through a link that the server prints at its start. */
import { PosthornError } from "../../lib/errors.ts";
import type { Store } from "../../store/store.ts";
import type { Tx } from "../../store/tx.ts";
import { recordPersonAction } from "../audit/person.ts";
import type { Services, TransactionServices } from "../context.ts";
import { DEFAULT_ORGANISATION, ensureOrganisation, firstOrganisation } from "../organisation/ensure.ts";
import type { Role } from "../role.ts";
import { createOneTime, findOneTime, takeOneTime } from "../session/one-time.ts";
import { type Attempt, completeSignIn, type SignInResult } from "../session/sign-in.ts";
import { normaliseEmail } from "./email.ts";
import { hashPassword } from "./password-hash.ts";
import { checkNewPassword } from "./password-rules.ts";
import type { PersonRow } from "./user.ts";

const SETUP_MS = 86_400_000;
const DEVELOPER_MS = 86_400_000;

export interface NewAccount {
  readonly email: string;
  readonly name: string;
  readonly password: string;
}

/** Whether this server has no users yet. */
export async function isSetupRequired(store: Pick<Store, "db">): Promise<boolean> {
  return (await store.db.selectFrom("person").select("id").limit(1).executeTakeFirst()) === undefined;
}

async function ownOrganisation(services: Services): Promise<number> {
  return (await firstOrganisation(services.store)) ?? (await ensureOrganisation(services, DEFAULT_ORGANISATION));
}

/** A link with which the first person creates their account; `null`: there are accounts. Links of earlier starts stay valid for a day. */
export async function createSetupLink(services: Services): Promise<string | null> {
  const { store } = services;
  if (!(await isSetupRequired(store))) return null;
  const orgId = await ownOrganisation(services);
  const code = await store.transaction(
    async ({ db }) => (await createOneTime(services, db, { kind: "setup", orgId, lifetimeMs: SETUP_MS })).code,
    "user.setup-link",
  );
  return `${services.rules.publicUrl()}/setup#code=${code}`;
}

/** A code with which the browser of a developer gets a session without an account: for `npm start`. */
export async function createDeveloperCode(services: Services): Promise<string> {
  const orgId = await ownOrganisation(services);
  return await services.store.transaction(
    async ({ db }) => (await createOneTime(services, db, { kind: "developer", orgId, lifetimeMs: DEVELOPER_MS })).code,
    "user.developer-code",
  );
}

/** Creates the owner, and signs them in. All setup links end with it. */
export async function setUp(
  services: Services,
  code: string,
  account: NewAccount,
  attempt: Attempt,
): Promise<SignInResult> {
  await findOneTime(services.store.db, "setup", code, services.now());
  const ready = await prepareAccount(account);
  return await services.store.transaction(async (tx) => {
    const { org_id: orgId } = await takeOneTime(tx.db, "setup", code, services.now());
    const existing = await tx.db.selectFrom("person").select("id").limit(1).executeTakeFirst();
    if (existing !== undefined) {
      throw new PosthornError("conflict", "This server has users already. Ask one of them for an invitation.");
    }
    const person = await insertPerson(services, tx, ready);
    await insertMembership(services, tx, { personKey: person.id, orgId, appKey: null, role: "owner" });
    await tx.db.deleteFrom("person_token").where("kind", "=", "setup").execute();
    await recordPersonAction(services, tx, { orgId, action: "user.set-up", personKey: person.id, client: attempt });
    return await completeSignIn(services, tx, person, attempt);
  }, "user.set-up");
}

export interface ReadyAccount {
  readonly email: string;
  readonly name: string;
  /** `null`: the person signs in in another way. */
  readonly passwordHash: string | null;
}

/** Checks a new account, and hashes its password: before the transaction, because that takes long. */
export async function prepareAccount({ email, name, password }: NewAccount): Promise<ReadyAccount> {
  const address = normaliseEmail(email);
  await checkNewPassword(password, [address, name]);
  return { email: address, name: name.trim(), passwordHash: await hashPassword(password) };
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
