/**
 * Tokens of connected clients. All are random, and only their hashes are stored.
 *
 * A refresh token has two parts: the secret of the session, which stays the same, and one that is replaced with each use. A token with the
 * right first part and an old second one was used before. Only someone who had a genuine token can present one, so strangers cannot end a
 * connection that way, and used tokens need not be kept.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Selectable } from "kysely";
import type { ConnectedClientTable } from "../../store/connected-client-schema.ts";
import type { Tx } from "../../store/tx.ts";
import { recordPersonAction } from "../audit/person.ts";
import { hashToken } from "../auth/hash-token.ts";
import type { Services } from "../context.ts";
import { CLIENT_SESSION_MS, findClientSession } from "../session/identity.ts";
import { ACCESS_PREFIX } from "./authenticate.ts";
import { OAuthError } from "./oauth-error.ts";
import { isResource, resourceOf } from "./server.ts";
import { scopesOf, WRITE_SCOPE } from "./scope.ts";

const REFRESH_PREFIX = "phr_";
export const ACCESS_MS = 3_600_000;

export interface IssuedTokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expiresInSeconds: number;
  readonly scope: string;
}

type Row = Selectable<ConnectedClientTable>;

/** Where a request comes from, for the audit log. */
interface Requester {
  readonly ip: string;
  readonly userAgent: string;
}

export interface CodeExchange {
  readonly code: string;
  readonly clientId: string;
  readonly verifier: string;
  /** `null`: not sent. */
  readonly redirectUri: string | null;
  /** `null`: not sent. */
  readonly resource: string | null;
}

/** Tokens for a code. A code that is used again, or with something that does not match, ends what was issued for it. */
export async function exchangeCode(
  services: Services,
  input: CodeExchange,
  requester: Requester,
): Promise<IssuedTokens> {
  const result = await services.store.transaction(async (tx): Promise<IssuedTokens | OAuthError> => {
    // The update locks the row, so that of two exchanges at the same time one is the second.
    const row = await tx.db
      .updateTable("connected_client")
      .set((eb) => ({ scope: eb.ref("scope") }))
      .where("code_hash", "=", hashToken(input.code))
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) return new OAuthError("invalid_grant", "The code does not exist, or has expired.");
    if (row.connected_at !== null) {
      await endReused(services, tx, row, requester, "code");
      return new OAuthError("invalid_grant", "The code was used before. Its tokens are revoked.");
    }
    const problem = codeProblem(services, row, input);
    if (problem !== null) {
      await removeConnection(tx, row.id);
      return problem;
    }
    await replaceEarlier(tx, row);
    return issue(services, tx, row, null);
  }, "oauth.exchange");
  if (result instanceof OAuthError) throw result;
  return result;
}

function codeProblem({ now, rules }: Services, row: Row, input: CodeExchange): OAuthError | null {
  if (row.code_expires_at <= now()) return new OAuthError("invalid_grant", "The code does not exist, or has expired.");
  if (row.client_id !== input.clientId)
    return new OAuthError("invalid_grant", "The code was issued to another client.");
  if (input.redirectUri !== null && input.redirectUri !== row.redirect_uri)
    return new OAuthError("invalid_grant", "redirect_uri is not the one of the authorization request.");
  if (input.resource !== null && !isResource(rules, input.resource)) return otherTarget();
  const challenge = createHash("sha256").update(input.verifier).digest();
  if (!isSame(challenge, Buffer.from(row.code_challenge, "base64url")))
    return new OAuthError("invalid_grant", "code_verifier does not match the code_challenge.");
  return null;
}

function otherTarget(): OAuthError {
  return new OAuthError("invalid_target", "resource is not the one that the access was granted for.");
}

export interface Refresh {
  readonly refreshToken: string;
  readonly clientId: string;
  readonly resource: string | null;
  readonly scope: string | null;
}

/** New tokens for a refresh token, which cannot be used again. A token that was used before ends the connection. */
export async function refreshTokens(services: Services, input: Refresh, requester: Requester): Promise<IssuedTokens> {
  const result = await services.store.transaction(async (tx): Promise<IssuedTokens | OAuthError> => {
    const found = await findRefreshed(tx, input.refreshToken);
    if (found === null || found.row.client_id !== input.clientId)
      return new OAuthError("invalid_grant", "The refresh token does not exist, has expired or was revoked.");
    const { row, secret, isCurrent } = found;
    if (!isCurrent) {
      await endReused(services, tx, row, requester, "refresh token");
      return new OAuthError("invalid_grant", "The refresh token was used before. The connection is revoked.");
    }
    if (input.resource !== null && !isResource(services.rules, input.resource)) return otherTarget();
    if (scopesOf(input.scope ?? "").includes(WRITE_SCOPE) && !scopesOf(row.scope).includes(WRITE_SCOPE))
      return new OAuthError(
        "invalid_scope",
        `The user has not granted ${WRITE_SCOPE}. Start a new authorization for it.`,
      );
    return issue(services, tx, row, secret);
  }, "oauth.refresh");
  if (result instanceof OAuthError) throw result;
  return result;
}

interface Refreshed {
  readonly row: Row;
  readonly secret: string;
  /** Whether the token is the last one that was issued. */
  readonly isCurrent: boolean;
}

async function findRefreshed({ db }: Tx, token: string): Promise<Refreshed | null> {
  const [, secret, changing] = /^(phr_[\w-]{43})\.([\w-]{43})$/.exec(token) ?? [];
  if (secret === undefined || changing === undefined) return null;
  const row = await db
    .updateTable("connected_client")
    .set((eb) => ({ scope: eb.ref("scope") }))
    .where("id", "=", (eb) =>
      eb
        .selectFrom("person_session as s")
        .select("s.id")
        .where("s.hash", "=", hashToken(secret))
        .where("s.kind", "=", "client"),
    )
    .returningAll()
    .executeTakeFirst();
  if (row?.refresh_hash === undefined || row.refresh_hash === null) return null;
  return { row, secret, isCurrent: isSame(hashToken(changing), row.refresh_hash) };
}

/** @param known Secret of the session; `null`: it has none yet. */
async function issue(
  services: Services,
  { db }: Tx,
  row: Row,
  known: string | null,
): Promise<IssuedTokens | OAuthError> {
  const at = services.now();
  // Its access tokens would be refused: the server has another address now.
  if (row.resource !== resourceOf(services.rules)) return otherTarget();
  const identity = await findClientSession(db, row.id, at);
  if (identity === null)
    return new OAuthError("invalid_grant", "The user has ended this access, or may no longer sign in.");
  const secret = known ?? REFRESH_PREFIX + random();
  const changing = random();
  const accessToken = ACCESS_PREFIX + random();
  await db
    .updateTable("person_session")
    .set({
      last_used_at: at,
      ...(known === null ? { hash: hashToken(secret), expires_at: at + CLIENT_SESSION_MS } : {}),
    })
    .where("id", "=", row.id)
    .execute();
  await db
    .updateTable("connected_client")
    .set({
      connected_at: row.connected_at ?? at,
      refresh_hash: hashToken(changing),
      access_hash: hashToken(accessToken),
      access_expires_at: at + ACCESS_MS,
    })
    .where("id", "=", row.id)
    .execute();
  const refreshToken = `${secret}.${changing}`;
  return { accessToken, refreshToken, expiresInSeconds: ACCESS_MS / 1000, scope: row.scope };
}

/**
 * A client that registered itself is one installation, so its new connection replaces the one that the same person made before. Clients with a
 * metadata document are the same on every machine: their connections exist side by side.
 */
async function replaceEarlier({ db }: Tx, row: Row): Promise<void> {
  if (row.client_id.includes(":")) return;
  const earlier = await db
    .selectFrom("connected_client as c")
    .innerJoin("person_session as s", "s.id", "c.id")
    .innerJoin("person_session as own", (join) =>
      join.onRef("own.person_id", "=", "s.person_id").onRef("own.org_id", "=", "s.org_id").on("own.id", "=", row.id),
    )
    .select("c.id")
    .where("c.client_id", "=", row.client_id)
    .where("c.connected_at", "is not", null)
    .where("c.id", "!=", row.id)
    .execute();
  for (const { id } of earlier) {
    await db.deleteFrom("person_session").where("id", "=", id).execute();
    await db.deleteFrom("connected_client").where("id", "=", id).execute();
  }
}

/** Ends a connection because its client asks for it (RFC 7009). Does nothing if the token belongs to none. */
export async function revokeToken(services: Services, token: string, requester: Requester): Promise<void> {
  await services.store.transaction(async (tx) => {
    const row = token.startsWith(ACCESS_PREFIX)
      ? await tx.db
          .selectFrom("connected_client")
          .selectAll()
          .where("access_hash", "=", hashToken(token))
          .executeTakeFirst()
      : (await findRefreshed(tx, token))?.row;
    if (row !== undefined)
      await endAudited(services, tx, row, { action: "connected-client.disconnect", facts: {}, requester });
  }, "oauth.revoke");
}

/** Someone else has the token, or the client has lost track of it: which of the two cannot be known. */
async function endReused(services: Services, tx: Tx, row: Row, requester: Requester, reused: string): Promise<void> {
  await endAudited(services, tx, row, { action: "connected-client.reuse", facts: { reused }, requester });
}

interface Ending {
  readonly action: "connected-client.disconnect" | "connected-client.reuse";
  readonly facts: Readonly<Record<string, string>>;
  readonly requester: Requester;
}

async function endAudited(services: Services, tx: Tx, row: Row, { action, facts, requester }: Ending): Promise<void> {
  const session = await tx.db
    .selectFrom("person_session")
    .select(["public_id", "org_id", "person_id"])
    .where("id", "=", row.id)
    .executeTakeFirst();
  await removeConnection(tx, row.id);
  if (session === undefined) return;
  await recordPersonAction(services, tx, {
    orgId: session.org_id,
    action,
    personKey: session.person_id,
    target: { kind: "connected-client", id: session.public_id, name: row.name },
    facts,
    client: requester,
  });
}

/** Ends a connection: all its tokens, and its session. */
export async function removeConnection({ db, signal }: Tx, key: number): Promise<void> {
  await db.deleteFrom("connected_client").where("id", "=", key).execute();
  await db.deleteFrom("person_session").where("id", "=", key).where("kind", "=", "client").execute();
  signal({ kind: "tokens" });
}

function random(): string {
  return randomBytes(32).toString("base64url");
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}
