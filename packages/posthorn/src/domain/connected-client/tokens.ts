/** Issues tokens to connected clients, for codes and for refresh tokens. */
import { createHash } from "node:crypto";
import type { Selectable } from "kysely";
import type { ConnectedClientTable } from "../../store/connected-client-schema.ts";
import type { Tx } from "../../store/tx.ts";
import { hashToken } from "../auth/hash-token.ts";
import type { Services } from "../context.ts";
import { CLIENT_SESSION_MS, findClientSession } from "../session/identity.ts";
import { endReused, removeConnection, type Requester } from "./end.ts";
import { OAuthError } from "./oauth-error.ts";
import {
  findRefreshed,
  GRACE_MS,
  hasSession,
  isSame,
  newRefreshToken,
  newSeed,
  type Refreshed,
  type RefreshToken,
  type Successors,
  successorsOf,
  classifyUse,
} from "./refresh-token.ts";
import { narrowed, scopesOf, WRITE_SCOPE } from "./scope.ts";
import { acceptsClient, isResource, resourceOf } from "./server.ts";

const ACCESS_MS = 3_600_000;

export interface IssuedTokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expiresInSeconds: number;
  readonly scope: string;
}

type Row = Selectable<ConnectedClientTable>;

export interface CodeExchange {
  readonly code: string;
  readonly clientId: string;
  readonly verifier: string;
  /** `null`: not sent. */
  readonly redirectUri: string | null;
  /** `null`: not sent. */
  readonly resource: string | null;
}

/** Exchanges a code for tokens. If a code is used again, or with parameters that do not match, everything that was issued for it is revoked. */
export async function exchangeCode(
  services: Services,
  input: CodeExchange,
  requester: Requester,
): Promise<IssuedTokens> {
  requireAccepted(services, input.clientId);
  const unknown = new OAuthError("invalid_grant", "The code does not exist, or has expired.");
  const hash = hashToken(input.code);
  // Transactions are scarce: requests with made-up codes get none.
  const known = await services.store.db
    .selectFrom("connected_client")
    .select("id")
    .where("code_hash", "=", hash)
    .executeTakeFirst();
  if (known === undefined) throw unknown;
  const result = await services.store.transaction(async (tx): Promise<IssuedTokens | OAuthError> => {
    // The update locks the row, so that one of two simultaneous exchanges comes second.
    const row = await tx.db
      .updateTable("connected_client")
      .set((eb) => ({ scope: eb.ref("scope") }))
      .where("code_hash", "=", hash)
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) return unknown;
    if (row.connected_at !== null) {
      await endReused(services, tx, row, { reused: "code", requester });
      return new OAuthError("invalid_grant", "The code was used before. Its tokens are revoked.");
    }
    const problem = codeProblem(services, row, input);
    if (problem !== null) {
      await removeConnection(tx, row.id);
      return problem;
    }
    await replaceEarlier(tx, row);
    return issue(services, tx, row, { used: null, accessScope: row.scope });
  }, "oauth.exchange");
  if (result instanceof OAuthError) throw result;
  return result;
}

function requireAccepted({ rules }: Services, clientId: string): void {
  if (!acceptsClient(rules, clientId))
    throw new OAuthError(
      "invalid_client",
      "This server connects only clients with a metadata document (POSTHORN_MCP_OAUTH).",
    );
}

function codeProblem({ now, rules }: Services, row: Row, input: CodeExchange): OAuthError | null {
  if (row.code_expires_at <= now()) return new OAuthError("invalid_grant", "The code does not exist, or has expired.");
  if (row.client_id !== input.clientId)
    return new OAuthError("invalid_grant", "The code was issued to another client.");
  if (input.redirectUri !== null && input.redirectUri !== row.redirect_uri)
    return new OAuthError("invalid_grant", "redirect_uri is not the one of the authorization request.");
  if (row.resource !== resourceOf(rules)) return movedServer();
  if (input.resource !== null && !isResource(rules, input.resource)) return otherTarget();
  const challenge = createHash("sha256").update(input.verifier).digest();
  if (!isSame(challenge, Buffer.from(row.code_challenge, "base64url")))
    return new OAuthError("invalid_grant", "code_verifier does not match the code_challenge.");
  return null;
}

/** With this code, clients forget their tokens and ask the user again. */
function movedServer(): OAuthError {
  return new OAuthError("invalid_grant", "The address of this server has changed. Connect the client again.");
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

/**
 * New tokens for a refresh token. It can be used once; a repetition within a short time gets the same tokens, and any other use ends the
 * connection.
 */
export async function refreshTokens(services: Services, input: Refresh, requester: Requester): Promise<IssuedTokens> {
  requireAccepted(services, input.clientId);
  const unknown = new OAuthError("invalid_grant", "The refresh token does not exist, has expired or was revoked.");
  if (!(await hasSession(services.store.db, input.refreshToken))) throw unknown;
  const result = await services.store.transaction(async (tx): Promise<IssuedTokens | OAuthError> => {
    const found = await findRefreshed(tx, input.refreshToken);
    if (found === null || found.row.client_id !== input.clientId) return unknown;
    const { row, token } = found;
    const use = classifyUse(found, services.now());
    if (use === "reused") {
      await endReused(services, tx, row, { reused: "refresh token", requester });
      return new OAuthError("invalid_grant", "The refresh token was used before. The connection is revoked.");
    }
    if (row.resource !== resourceOf(services.rules)) {
      // Its access tokens would be refused, and the client would refresh again.
      await removeConnection(tx, row.id);
      return movedServer();
    }
    const problem = refreshProblem(services, row, input);
    if (problem !== null) return problem;
    const asked = input.scope ?? row.scope;
    if (use === "first") return issue(services, tx, row, { used: token, accessScope: narrowed(row.scope, asked) });
    return repeat(services, tx, found, narrowed(row.access_scope ?? row.scope, asked));
  }, "oauth.refresh");
  if (result instanceof OAuthError) throw result;
  return result;
}

function refreshProblem({ rules }: Services, row: Row, input: Refresh): OAuthError | null {
  if (input.resource !== null && !isResource(rules, input.resource)) return otherTarget();
  if (scopesOf(input.scope ?? "").includes(WRITE_SCOPE) && !scopesOf(row.scope).includes(WRITE_SCOPE))
    return new OAuthError(
      "invalid_scope",
      `The user has not granted ${WRITE_SCOPE}. Start a new authorization for it.`,
    );
  return null;
}

interface Issue {
  /** The refresh token that is replaced; `null`: the connection has none yet. */
  readonly used: RefreshToken | null;
  readonly accessScope: string;
}

async function issue(
  services: Services,
  tx: Tx,
  row: Row,
  { used, accessScope }: Issue,
): Promise<IssuedTokens | OAuthError> {
  const at = services.now();
  const ended = await continueSession(services, tx, row);
  if (ended !== null) return ended;
  const seed = newSeed();
  const from = used ?? newRefreshToken();
  const { refresh, accessToken } = successorsOf(from, seed);
  if (used === null)
    await tx.db
      .updateTable("person_session")
      .set({ hash: hashToken(from.secret), expires_at: at + CLIENT_SESSION_MS })
      .where("id", "=", row.id)
      .execute();
  await tx.db
    .updateTable("connected_client")
    .set({
      connected_at: row.connected_at ?? at,
      refresh_hash: hashToken(refresh.changing),
      access_hash: hashToken(accessToken),
      access_expires_at: at + ACCESS_MS,
      access_scope: accessScope,
      ...(used === null ? {} : replaced(row, { used, seed, at })),
    })
    .where("id", "=", row.id)
    .execute();
  return issued({ refresh, accessToken }, accessScope);
}

interface Replacement {
  readonly used: RefreshToken;
  readonly seed: Uint8Array;
  readonly at: number;
}

/** Columns that allow the refresh to be repeated, and keep the earlier access token valid for requests in flight. */
function replaced(row: Row, { used, seed, at }: Replacement): Partial<Row> {
  return {
    refresh_seed: seed,
    refreshed_at: at,
    previous_refresh_hash: hashToken(used.changing),
    access_used_at: null,
    previous_access_hash: row.access_hash,
    previous_access_scope: row.access_scope,
    previous_access_expires_at: Math.min(row.access_expires_at ?? 0, at + GRACE_MS),
  };
}

/** The tokens that were issued for this refresh token before. */
async function repeat(
  services: Services,
  tx: Tx,
  { row, token }: Refreshed,
  accessScope: string,
): Promise<IssuedTokens | OAuthError> {
  const ended = await continueSession(services, tx, row);
  if (ended !== null) return ended;
  await tx.db
    .updateTable("connected_client")
    .set({ access_expires_at: services.now() + ACCESS_MS, access_scope: accessScope })
    .where("id", "=", row.id)
    .execute();
  return issued(successorsOf(token, row.refresh_seed!), accessScope);
}

/** Stores the use of the session. Returns an error if it has ended. */
async function continueSession({ now }: Services, { db }: Tx, row: Row): Promise<OAuthError | null> {
  if ((await findClientSession(db, row.id, now())) === null)
    return new OAuthError("invalid_grant", "The user has ended this access, or may no longer sign in.");
  await db.updateTable("person_session").set({ last_used_at: now() }).where("id", "=", row.id).execute();
  return null;
}

function issued({ refresh, accessToken }: Successors, scope: string): IssuedTokens {
  const refreshToken = `${refresh.secret}.${refresh.changing}`;
  return { accessToken, refreshToken, expiresInSeconds: ACCESS_MS / 1000, scope };
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
