/** The caller of an access token: the person who connected the client, limited to the granted scopes. */
import { PosthornError } from "../../lib/errors.ts";
import type { Actor } from "../access.ts";
import { hashToken } from "../auth/hash-token.ts";
import type { Services } from "../context.ts";
import { findClientSession, type SessionIdentity, TOUCH_MS, touchSession } from "../session/identity.ts";
import { type ClientScope, limitedTo, scopesOf } from "./scope.ts";
import { resourceOf } from "./server.ts";

/** Prefix of access tokens. The API does not accept them. */
export const ACCESS_PREFIX = "pho_";

type OrganisationActor = Extract<Actor, { readonly kind: "organisation" }>;

/** Who calls with an access token. */
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
  const row = await connections(store)
    .where("c.access_hash", "=", hashToken(token))
    .where("c.access_expires_at", ">", now())
    .where("c.resource", "=", resourceOf(rules))
    .executeTakeFirst();
  const identity = row === undefined ? null : await identityOf(services, row);
  if (identity !== null) return identity;
  throw new PosthornError("authentication_failed", "The access token is invalid, expired or revoked.");
}

/** The caller of a connection, whose tokens may have been refreshed in the meantime; `null`: it has ended. */
export async function identifyConnection(services: Services, key: number): Promise<ClientIdentity | null> {
  const row = await connections(services.store).where("c.id", "=", key).executeTakeFirst();
  return row === undefined ? null : identityOf(services, row);
}

function connections({ hotDb }: Services["store"]) {
  return hotDb
    .selectFrom("connected_client as c")
    .innerJoin("person_session as s", "s.id", "c.id")
    .select(["c.id", "c.name", "c.scope", "s.public_id"]);
}

interface ConnectionRow {
  readonly id: number;
  readonly name: string;
  readonly scope: string;
  readonly public_id: string;
}

async function identityOf({ store, now }: Services, row: ConnectionRow): Promise<ClientIdentity | null> {
  const found = await findClientSession(store.hotDb, row.id, now());
  if (found?.actor.kind !== "organisation") return null;
  touch(store, found, now());
  const scopes = scopesOf(row.scope);
  const actor = calledBy(found.actor, { id: row.public_id, name: row.name });
  const withAllScopes = limitedTo(actor, scopesOf(ALL_SCOPES));
  return { actor: limitedTo(actor, scopes), withAllScopes, scopes, key: row.id, id: row.public_id };
}

const ALL_SCOPES = "mcp:read mcp:write";

function touch(store: Services["store"], { key, lastUsedAt }: SessionIdentity, now: number): void {
  // It only moves the end of the session: the next use stores it again.
  if (lastUsedAt + TOUCH_MS <= now) touchSession(store, key, now).catch(() => undefined);
}

function calledBy(actor: OrganisationActor, client: { readonly id: string; readonly name: string }): OrganisationActor {
  return actor.caller.kind === "user" ? { ...actor, caller: { ...actor.caller, client } } : actor;
}
