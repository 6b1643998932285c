/**
 * Sign-in of a person whom an identity provider has identified.
 *
 * A person is recognised by issuer and subject only. An email address never connects an identity with an existing account, because the
 * provider of another organisation could claim any address: its owner has to sign in and connect the provider.
 */
import { PosthornError } from "../../../lib/errors.ts";
import { keyOfId } from "../../../lib/id.ts";
import type { Tx } from "../../../store/tx.ts";
import { recordPersonAction } from "../../audit/person.ts";
import type { AuditValue } from "../../audit/entry.ts";
import type { Services } from "../../context.ts";
import { isRole, type Role } from "../../role.ts";
import type { Client } from "../../session/session.ts";
import { type Attempt, beginSession, type SignedIn } from "../../session/sign-in.ts";
import { normaliseEmail } from "../email.ts";
import { insertMembership, insertPerson } from "../account.ts";
import { type PersonRow, requireOtherOwner } from "../user.ts";
import type { OidcPerson } from "./protocol.ts";
import { type IdentityProvider, toProvider, type ProviderRow } from "./provider.ts";
import { requireOwnAccount } from "./scope.ts";

/** A role in the organisation, or in one application. */
interface WantedRole {
  readonly role: Role;
  readonly appKey: number | null;
}

/** Signs a person in, and creates an account for someone new. Their roles follow from their groups each time. */
export async function signInWithIdentity(
  services: Services,
  row: ProviderRow,
  identified: OidcPerson,
  attempt: Attempt,
): Promise<SignedIn> {
  const provider = toProvider(row);
  requireDomain(provider, identified);
  const signedIn = await services.store.transaction(async (tx) => {
    const person =
      (await findPerson(tx, identified)) ??
      (await createPerson(services, tx, { provider, identified, client: attempt }));
    if (person.disabled_at !== null) throw refused("This account is disabled.");
    const hasRole = await setRoles(
      services,
      tx,
      { provider, person, client: attempt },
      wantedRoles(provider, identified),
    );
    // Returns instead of throwing, so that the removal of the roles is stored.
    if (!hasRole) return null;
    await tx.db
      .updateTable("person_identity")
      .set({ last_used_at: services.now(), email: identified.email })
      .where("issuer", "=", identified.issuer)
      .where("subject", "=", identified.subject)
      .execute();
    return await beginSession(services, tx, person, attempt, {
      orgId: provider.orgId,
      // Whether a second factor is needed is up to the provider.
      secondFactorAt: null,
      provider: {
        key: provider.key,
        subject: identified.subject,
        sessionId: identified.sessionId,
        idToken: identified.idToken,
      },
    });
  }, "session.identity-provider");
  if (signedIn === null) throw notAllowed(provider);
  return signedIn;
}

/** Connects an identity with the account of a person who is signed in. */
export async function connectIdentity(
  services: Services,
  stored: ProviderRow,
  identified: OidcPerson,
  by: { readonly personKey: number; readonly sessionKey: number; readonly client: Client },
): Promise<void> {
  const { personKey, sessionKey, client } = by;
  const provider = toProvider(stored);
  requireDomain(provider, identified);
  await services.store.transaction(async (tx) => {
    const person = await findPerson(tx, identified);
    if (person !== null && person.id !== personKey) {
      throw new PosthornError("conflict", "This identity belongs to another account.");
    }
    if (person !== null) return;
    await requireOwnAccount(tx.db, { key: personKey, sessionKey });
    await insertIdentity(services, tx, { provider, identified, personKey });
    const row = await tx.db.selectFrom("person").selectAll().where("id", "=", personKey).executeTakeFirstOrThrow();
    await record(services, tx, "user.connect-provider", { provider, person: row, client });
  }, "user.connect-identity");
}

async function findPerson({ db }: Tx, { issuer, subject }: OidcPerson): Promise<PersonRow | null> {
  const person = await db
    .selectFrom("person")
    .selectAll("person")
    .innerJoin("person_identity", "person_identity.person_id", "person.id")
    .where("person_identity.issuer", "=", issuer)
    .where("person_identity.subject", "=", subject)
    .executeTakeFirst();
  return person ?? null;
}

async function createPerson(
  services: Services,
  tx: Tx,
  {
    provider,
    identified,
    client,
  }: { readonly provider: IdentityProvider; readonly identified: OidcPerson; readonly client: Client },
): Promise<PersonRow> {
  if (wantedRoles(provider, identified).length === 0) throw notAllowed(provider);
  if (identified.email === null) {
    throw refused(`${provider.name} sends no email address. Its client needs the scope \`email\`.`);
  }
  const email = normaliseEmail(identified.email);
  const existing = await tx.db.selectFrom("person").select("id").where("email", "=", email).executeTakeFirst();
  if (existing !== undefined) {
    throw new PosthornError(
      "conflict",
      `There is an account with the email address ${email}. Sign in to it, and connect ${provider.name} in your profile.`,
    );
  }
  const person = await insertPerson(services, tx, { email, name: identified.name ?? email, passwordHash: null });
  await insertIdentity(services, tx, { provider, identified, personKey: person.id });
  await record(services, tx, "user.create-by-provider", { provider, person, client });
  return person;
}

async function insertIdentity(
  { ids, now }: Services,
  { db }: Tx,
  of: { readonly provider: IdentityProvider; readonly identified: OidcPerson; readonly personKey: number },
): Promise<void> {
  const { key, id } = ids.next("ident_");
  await db
    .insertInto("person_identity")
    .values({
      id: key,
      public_id: id,
      person_id: of.personKey,
      provider_id: of.provider.key,
      issuer: of.identified.issuer,
      subject: of.identified.subject,
      email: of.identified.email,
      created_at: now(),
      last_used_at: now(),
    })
    .execute();
}

/** The roles that follow from the groups of a person; empty: they may not sign in. */
export function wantedRoles(
  { roles, defaultRole }: Pick<IdentityProvider, "roles" | "defaultRole">,
  { groups }: Pick<OidcPerson, "groups">,
): readonly WantedRole[] {
  const own = new Set(groups);
  const matching = roles.filter(({ group, role }) => own.has(group) && isRole(role));
  if (matching.length === 0) return defaultRole === null ? [] : [{ role: defaultRole, appKey: null }];
  // One role in the organisation, and one in each application: the first rule wins.
  const byPlace = new Map<number | null, Role>();
  for (const { role, app } of matching) {
    const appKey = app === null ? null : keyOfId("app_", app);
    if (app !== null && appKey === null) continue;
    if (!byPlace.has(appKey)) byPlace.set(appKey, role);
  }
  return [...byPlace].map(([appKey, role]) => ({ appKey, role }));
}

/** Sets the roles of a person in the organisation of the provider to those of their groups. Returns whether they have a role afterwards. */
async function setRoles(services: Services, tx: Tx, of: SignInOf, wanted: readonly WantedRole[]): Promise<boolean> {
  const { provider, person } = of;
  const { orgId } = provider;
  const current = await tx.db
    .selectFrom("membership")
    .select(["id", "role", "app_id as appKey"])
    .where("person_id", "=", person.id)
    .where("org_id", "=", orgId)
    .execute();
  const isSame = (one: { readonly role: string; readonly appKey: number | null }, other: WantedRole): boolean =>
    one.role === other.role && one.appKey === other.appKey;
  const surplus = current.filter((one) => !wanted.some((other) => isSame(one, other)));
  const missing = wanted.filter((other) => !current.some((one) => isSame(one, other)));
  const losesOwner = surplus.some(({ role, appKey }) => role === "owner" && appKey === null);
  // The last owner keeps the role, regardless of the groups. Otherwise no user could change them.
  if (losesOwner && !(await isOtherOwner(tx, orgId, person.id))) return true;
  if (surplus.length > 0) {
    const keys = surplus.map(({ id }) => id);
    await tx.db.deleteFrom("membership").where("id", "in", keys).execute();
    // Cached sessions still have the roles with which they began.
    tx.signal({ kind: "tokens" });
  }
  for (const { role, appKey } of missing)
    await insertMembership(services, tx, { personKey: person.id, orgId, appKey, role });
  if (surplus.length > 0 || missing.length > 0) {
    const roles = wanted.map(({ role, appKey }) => (appKey === null ? role : `${role} in one application`));
    await record(services, tx, "user.set-roles-by-provider", of, { roles });
  }
  return wanted.length > 0;
}

/** Who signs in at which provider, and from where. */
interface SignInOf {
  readonly provider: IdentityProvider;
  readonly person: PersonRow;
  readonly client: Client;
}

async function record(
  services: Services,
  tx: Tx,
  action: "user.create-by-provider" | "user.connect-provider" | "user.set-roles-by-provider",
  { provider, person, client }: SignInOf,
  facts: Readonly<Record<string, AuditValue>> = {},
): Promise<void> {
  await recordPersonAction(services, tx, {
    orgId: provider.orgId,
    action,
    personKey: person.id,
    facts: { provider: provider.id, ...facts },
    client,
  });
}

async function isOtherOwner(tx: Tx, orgId: number, personKey: number): Promise<boolean> {
  try {
    await requireOtherOwner(tx, orgId, personKey);
    return true;
  } catch (error) {
    if (error instanceof PosthornError && error.code === "conflict") return false;
    throw error;
  }
}

function requireDomain({ domains, name }: IdentityProvider, { email, isEmailVerified }: OidcPerson): void {
  if (domains.length === 0) return;
  const domain = email?.slice(email.lastIndexOf("@") + 1) ?? "";
  if (isEmailVerified && domains.includes(domain)) return;
  const problem = isEmailVerified ? `addresses of ${domain || "no domain"}` : "email addresses that are not verified";
  throw refused(`${name} may not be used with ${problem} here.`);
}

function notAllowed({ name }: IdentityProvider): PosthornError {
  return refused(`Your groups at ${name} have no role here. Ask an administrator for access.`);
}

function refused(message: string): PosthornError {
  return new PosthornError("identity_refused", message);
}
