/** Identity providers with which the people of an organisation sign in (OpenID Connect). */
import type { Kysely, Selectable } from "kysely";
import { invalid, notFound, PosthornError } from "../../../lib/errors.ts";
import { isId } from "../../../lib/id.ts";
import type { IdentityProviderTable } from "../../../store/people-schema.ts";
import type { Database } from "../../../store/schema.ts";
import { findApplication, ofCustomers } from "../../application/find.ts";
import {
  atomically,
  type Call,
  type Context,
  type OutsideCall,
  reader,
  type TransactionContext,
} from "../../context.ts";
import { comparison, idIterator, type Page, type PageRequest, readPage } from "../../paging.ts";
import { isRole, type Role } from "../../role.ts";
import { requireRoleManagement } from "../user.ts";
import type { OidcClientSettings } from "./protocol.ts";
import { sealedIn } from "../../../store/sealed-columns.ts";

/** Role that the members of a group have. */
export interface GroupRole {
  /** As the provider names it in the claim of groups. */
  readonly group: string;
  readonly role: Role;
  /** ID of the application; `null`: in the whole organisation. */
  readonly app: string | null;
}

export interface IdentityProviderInput {
  /** Shown on the button of the sign-in page. */
  readonly name: string;
  readonly issuer: string;
  readonly clientId: string;
  /** `undefined`: keep the stored one. `null`: a public client. */
  readonly clientSecret: string | null | undefined;
  readonly scopes: string;
  readonly groupsClaim: string;
  readonly roles: readonly GroupRole[];
  /** Role of people in none of these groups; `null`: they cannot sign in. */
  readonly defaultRole: Role | null;
  /** Domains of email addresses that may sign in; empty: all. */
  readonly domains: readonly string[];
  readonly enabled: boolean;
}

export interface IdentityProvider extends Omit<IdentityProviderInput, "clientSecret"> {
  readonly key: number;
  readonly id: string;
  readonly orgId: number;
  readonly hasClientSecret: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export type ProviderRow = Selectable<IdentityProviderTable>;

const MAX_PROVIDERS = 10;
export const DEFAULT_SCOPES = "openid profile email";
export const DEFAULT_GROUPS_CLAIM = "groups";

export function toProvider(row: ProviderRow): IdentityProvider {
  return {
    key: row.id,
    id: row.public_id,
    orgId: row.org_id,
    name: row.name,
    issuer: row.issuer,
    clientId: row.client_id,
    hasClientSecret: row.client_secret_sealed !== null,
    scopes: row.scopes,
    groupsClaim: row.groups_claim,
    roles: JSON.parse(row.roles_json) as GroupRole[],
    defaultRole: row.default_role !== null && isRole(row.default_role) ? row.default_role : null,
    domains: JSON.parse(row.domains_json) as string[],
    enabled: row.enabled === 1,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** The settings of a stored provider that the protocol needs. */
export function clientSettings({ services }: Pick<Context, "services">, row: ProviderRow): OidcClientSettings {
  const { client_secret_sealed: sealed } = row;
  return {
    issuer: row.issuer,
    clientId: row.client_id,
    clientSecret: sealed === null ? null : services.secretBox.open(sealed, placeOf(row.id)),
    scopes: row.scopes,
    groupsClaim: row.groups_claim,
  };
}

export function createProvider(call: Call<IdentityProviderInput>): Promise<IdentityProvider> {
  return atomically(call, async ({ ctx, input }) => {
    await checkInput(ctx, input);
    await checkRoom(ctx);
    const { ids, now } = ctx.services;
    const { key, id } = ids.next("idp_");
    const row: ProviderRow = {
      ...toColumns(input),
      id: key,
      public_id: id,
      org_id: ctx.actor.orgId,
      client_secret_sealed: sealedSecret(ctx, key, input.clientSecret ?? null),
      created_at: now(),
      updated_at: now(),
    };
    await ctx.tx.db.insertInto("identity_provider").values(row).execute();
    return toProvider(row);
  });
}

/** Replaces all fields but the secret, which is kept if it is not given and the issuer is the same. */
export function updateProvider(
  call: Call<{ readonly id: string; readonly fields: IdentityProviderInput }>,
): Promise<IdentityProvider> {
  return atomically(call, async ({ ctx, input: { id, fields } }) => {
    const before = await getProviderRow(ctx, id);
    await checkInput(ctx, fields);
    if (fields.clientSecret === undefined && before.client_secret_sealed !== null && fields.issuer !== before.issuer) {
      throw invalid("clientSecret", "Enter the client secret again, because the issuer determines where it is sent.");
    }
    const row: ProviderRow = {
      ...before,
      ...toColumns(fields),
      ...(fields.clientSecret === undefined
        ? {}
        : { client_secret_sealed: sealedSecret(ctx, before.id, fields.clientSecret) }),
      updated_at: ctx.services.now(),
    };
    const { id: key, ...columns } = row;
    await ctx.tx.db.updateTable("identity_provider").set(columns).where("id", "=", key).execute();
    // A disabled provider must not keep people signed in.
    if (!fields.enabled) await endSessionsOf(ctx, key);
    return toProvider(row);
  });
}

/** Deletes a provider, and ends the sessions that began at it. The people keep their accounts and roles. */
export function deleteProvider(call: Call<{ readonly id: string }>): Promise<void> {
  return atomically(call, async ({ ctx, input }) => {
    const { id: key } = await getProviderRow(ctx, input.id);
    await endSessionsOf(ctx, key);
    await ctx.tx.db.deleteFrom("person_identity").where("provider_id", "=", key).execute();
    await ctx.tx.db.deleteFrom("identity_provider").where("id", "=", key).execute();
  });
}

async function endSessionsOf({ tx }: TransactionContext, providerKey: number): Promise<void> {
  await tx.db.deleteFrom("person_session").where("provider_id", "=", providerKey).execute();
  tx.signal({ kind: "tokens" });
}

export async function listProviders({ ctx, input }: Call<PageRequest>): Promise<Page<IdentityProvider>> {
  const page = await readPage(input, { order: "asc", keyOf: idIterator("idp_") }, (slice) => {
    let query = reader(ctx)
      .selectFrom("identity_provider")
      .selectAll()
      .where("org_id", "=", ctx.actor.orgId)
      .orderBy("id", slice.order)
      .limit(slice.limit);
    if (slice.from !== null) query = query.where("id", comparison(slice.order), slice.from);
    return query.execute();
  });
  return { ...page, rows: page.rows.map(toProvider) };
}

export async function getProvider({ ctx, input }: Call<{ readonly id: string }>): Promise<IdentityProvider> {
  return toProvider(await getProviderRow(ctx, input.id));
}

/** Reads the metadata of the provider, to check the settings before anyone signs in. */
export async function checkProvider({ ctx, input }: OutsideCall<{ readonly id: string }>): Promise<void> {
  await ctx.services.identityProviders.check(clientSettings(ctx, await getProviderRow(ctx, input.id)));
}

async function getProviderRow(ctx: Context, id: string): Promise<ProviderRow> {
  const row = await findProviderRow(reader(ctx), id);
  if (row === null || row.org_id !== ctx.actor.orgId) throw notFound("identity provider");
  return row;
}

/** A provider of any organisation: for sign-in, when the organisation is not known yet. */
export async function findProviderRow(db: Kysely<Database>, id: string): Promise<ProviderRow | null> {
  const row = await db
    .selectFrom("identity_provider")
    .selectAll()
    .where("id", "=", idIterator("idp_")(id) ?? -1)
    .where("public_id", "=", id)
    .executeTakeFirst();
  return row ?? null;
}

function toColumns(input: IdentityProviderInput) {
  return {
    name: input.name.trim(),
    issuer: input.issuer,
    client_id: input.clientId,
    scopes: input.scopes,
    groups_claim: input.groupsClaim,
    roles_json: JSON.stringify(input.roles.map(({ group, role, app }) => ({ group, role, app }))),
    default_role: input.defaultRole,
    domains_json: JSON.stringify(input.domains.map((domain) => domain.toLowerCase())),
    enabled: input.enabled ? 1 : 0,
  };
}

function sealedSecret({ services }: Context, key: number, secret: string | null): Uint8Array | null {
  return secret === null ? null : services.secretBox.seal(secret, placeOf(key));
}

function placeOf(key: number): string {
  return sealedIn("identity_provider.client_secret_sealed", key);
}

async function checkInput(ctx: TransactionContext, input: IdentityProviderInput): Promise<void> {
  const { issuer, scopes, domains, roles, defaultRole } = input;
  const url = URL.parse(issuer);
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== "" || url.hash !== "" || url.username !== "") {
    throw invalid("issuer", `"${issuer}" is not an issuer: a URL without query, fragment and user.`);
  }
  if (url.protocol === "http:" && !isLoopback(url.hostname)) {
    throw invalid("issuer", "The issuer must use https. Only an issuer on this machine may use http.");
  }
  if (!scopes.split(" ").includes("openid")) throw invalid("scopes", "The scopes must include `openid`.");
  const wrong = domains.find((domain) => !/^[^\s@]+\.[^\s@.]+$/.test(domain));
  if (wrong !== undefined) throw invalid("domains", `"${wrong}" is not a domain such as example.com.`);
  await requireRoleManagement(ctx, ctx.tx.db, [defaultRole, ...roles.map(({ role }) => role)]);
  for (const { app, role } of roles) {
    if (app === null) continue;
    if (role === "owner") throw invalid("roles", "`owner` is a role in the whole organisation.");
    const application = isId("app_", app) ? await findApplication(ofCustomers(ctx), app) : null;
    if (application === null) throw invalid("roles", `There is no application with the ID "${app}".`);
  }
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || host.startsWith("127.");
}

async function checkRoom({ actor, tx }: TransactionContext): Promise<void> {
  const { providers } = await tx.db
    .selectFrom("identity_provider")
    .select((eb) => eb.fn.countAll<number>().as("providers"))
    .where("org_id", "=", actor.orgId)
    .executeTakeFirstOrThrow();
  if (providers < MAX_PROVIDERS) return;
  throw new PosthornError(
    "limit_reached",
    `An organisation can have up to ${MAX_PROVIDERS} identity providers. Delete one first.`,
  );
}
