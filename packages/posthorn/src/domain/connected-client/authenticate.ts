/** The caller of an access token: the person who connected the client, limited to the granted scopes. */
import { PosthornError } from "../../lib/errors.ts";
import type { Actor } from "../access.ts";
import { hashToken } from "../auth/hash-token.ts";
import type { Services } from "../context.ts";
import type { CallingClient } from "../grant.ts";
import { findClientSession, type SessionIdentity, TOUCH_MS, touchSession } from "../session/identity.ts";
import { isDocumentUrl } from "./document.ts";
import { type ClientScope, limitedTo, scopesOf } from "./scope.ts";
import { acceptsClient, resourceOf } from "./server.ts";

/** Prefix of access tokens. The API does not accept them. */
export const ACCESS_PREFIX = "pho_";

type OrganisationActor = Extract<Actor, { readonly kind: "organisation" }>;

/** The caller of an access token. */
export interface ClientIdentity {
  readonly actor: OrganisationActor;
  /** The actor with the rights that a token of all scopes would have. */
  readonly withAllScopes: OrganisationActor;
  readonly scopes: readonly ClientScope[];
  /** Of the connection. It stays the same when tokens are refreshed. */
  readonly key: number;
  readonly id: string;
}

/**
 * Identifies the caller of an access token for the MCP endpoint. Throws `authentication_failed`. Nothing is cached: agents send few requests,
 * and a token that was replaced or revoked is refused at once, on all nodes.
 */
export async function identifyClient(services: Services, token: string): Promise<ClientIdentity> {
  const { store, now, rules } = services;
  const hash = hashToken(token);
  const row = await connections(store)
    .select(["c.access_hash", "c.access_scope", "c.access_used_at", "c.previous_access_scope", "c.refreshed_at"])
    .where((eb) =>
      eb.or([
        eb.and([eb("c.access_hash", "=", hash), eb("c.access_expires_at", ">", now())]),
        eb.and([eb("c.previous_access_hash", "=", hash), eb("c.previous_access_expires_at", ">", now())]),
      ]),
    )
    .where("c.resource", "=", resourceOf(rules))
    .executeTakeFirst();
  if (row !== undefined) {
    const isCurrent = row.access_hash !== null && Buffer.from(hash).equals(row.access_hash);
    const scope = (isCurrent ? row.access_scope : row.previous_access_scope) ?? row.scope;
    const identity = await identityOf(services, row, scopesOf(scope));
    if (identity !== null) {
      if (isCurrent && row.refreshed_at !== null && row.access_used_at === null)
        await storeFirstUse(services, row.id, hash);
      return identity;
    }
  }
  throw new PosthornError("authentication_failed", "The access token is invalid, expired or revoked.");
}

/** From now on, the refresh token for which the access token was issued is no longer accepted for longer than its grace period. */
async function storeFirstUse({ store, now }: Services, key: number, hash: Uint8Array): Promise<void> {
  await store.transaction(async ({ db }) => {
    await db
      .updateTable("connected_client")
      .set({ access_used_at: now() })
      .where("id", "=", key)
      .where("access_hash", "=", hash)
      .where("access_used_at", "is", null)
      .execute();
  }, "oauth.first-use");
}

/** The current state of the same caller, whose tokens may have been refreshed in the meantime; `null` if the connection has ended. */
export async function identifyConnection(
  services: Services,
  { key, scopes }: Pick<ClientIdentity, "key" | "scopes">,
): Promise<ClientIdentity | null> {
  const row = await connections(services.store).where("c.id", "=", key).executeTakeFirst();
  return row === undefined ? null : identityOf(services, row, scopes);
}

function connections({ hotDb }: Services["store"]) {
  return hotDb
    .selectFrom("connected_client as c")
    .innerJoin("person_session as s", "s.id", "c.id")
    .select(["c.id", "c.client_id", "c.name", "c.scope", "s.public_id"]);
}

interface ConnectionRow {
  readonly id: number;
  readonly client_id: string;
  readonly name: string;
  readonly scope: string;
  readonly public_id: string;
}

async function identityOf(
  { store, now, rules }: Services,
  row: ConnectionRow,
  scopes: readonly ClientScope[],
): Promise<ClientIdentity | null> {
  if (!acceptsClient(rules, row.client_id)) return null;
  const found = await findClientSession(store.hotDb, row.id, now());
  if (found?.actor.kind !== "organisation") return null;
  touch(store, found, now());
  const actor = calledBy(found.actor, {
    id: row.public_id,
    name: row.name,
    registeredAs: isDocumentUrl(row.client_id) ? null : row.client_id,
  });
  const withAllScopes = limitedTo(actor, scopesOf(ALL_SCOPES));
  return { actor: limitedTo(actor, scopes), withAllScopes, scopes, key: row.id, id: row.public_id };
}

const ALL_SCOPES = "mcp:read mcp:write";

function touch(store: Services["store"], { key, lastUsedAt }: SessionIdentity, now: number): void {
  // It only moves the end of the session: the next use stores it again.
  if (lastUsedAt + TOUCH_MS <= now) touchSession(store, key, now).catch(() => undefined);
}

function calledBy(actor: OrganisationActor, client: CallingClient): OrganisationActor {
  return actor.caller.kind === "user" ? { ...actor, caller: { ...actor.caller, client } } : actor;
}
