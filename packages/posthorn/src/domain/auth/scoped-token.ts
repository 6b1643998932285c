/** Tokens that may do one thing: read the feed of an endpoint, or complete and read a subscription. They can be shown again. */
import { randomBytes } from "node:crypto";
import type { Kysely, Selectable } from "kysely";
import type { ScopedTokenTable } from "../../store/feed-schema.ts";
import type { Database } from "../../store/schema.ts";
import type { Tx } from "../../store/tx.ts";
import { requirePermission, type TokenScope } from "../access.ts";
import type { Context } from "../context.ts";
import { SCOPED_PREFIX } from "./token-lookup.ts";
import { hashToken } from "./hash-token.ts";
import { sealedIn } from "../../store/sealed-columns.ts";

export interface ScopedToken {
  readonly key: number;
  readonly token: string;
  readonly createdAt: number;
  readonly expiresAt: number | null;
}

interface Owner extends TokenScope {
  readonly appKey: number;
}

/** Creates the token of an owner, which reads payloads. Earlier ones end after the grace period. */
export async function issueToken(
  ctx: Context,
  { db, signal }: Tx,
  { appKey, ...scope }: Owner,
  { graceMs, expiresAt = null }: { readonly graceMs: number; readonly expiresAt?: number | null },
): Promise<ScopedToken> {
  requirePermission(ctx.actor, "payloads:read");
  const { ids, secretBox, now } = ctx.services;
  const createdAt = now();
  const ends = createdAt + graceMs;
  await tokensOf(db, scope).where("expires_at", "<=", createdAt).execute();
  await db
    .updateTable("scoped_token")
    .set({ expires_at: ends })
    .where(ownerColumn(scope), "=", ownerKey(scope))
    .where((eb) => eb.or([eb("expires_at", "is", null), eb("expires_at", ">", ends)]))
    .execute();
  const kind = scope.autoConfigKey === null ? "poll" : "auto";
  const token = `${SCOPED_PREFIX}${kind}_${randomBytes(32).toString("base64url")}`;
  const { key } = ids.next("key_");
  await db
    .insertInto("scoped_token")
    .values({
      id: key,
      org_id: ctx.actor.orgId,
      app_id: appKey,
      endpoint_id: scope.endpointKey,
      auto_config_id: scope.autoConfigKey,
      hash: hashToken(token),
      token_sealed: secretBox.seal(token, sealedIn("scoped_token.token_sealed", key)),
      created_at: createdAt,
      expires_at: expiresAt,
    })
    .execute();
  signal({ kind: "tokens" });
  return { key, token, createdAt, expiresAt };
}

/** The newest token of an owner that is valid; `null`: there is none. */
export async function currentToken(ctx: Context, db: Kysely<Database>, scope: TokenScope): Promise<ScopedToken | null> {
  const row = await db
    .selectFrom("scoped_token")
    .selectAll()
    .where(ownerColumn(scope), "=", ownerKey(scope))
    .where((eb) => eb.or([eb("expires_at", "is", null), eb("expires_at", ">", ctx.services.now())]))
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? null : toToken(ctx, row);
}

/** Tokens of an owner that are valid, newest first: the current one, and earlier ones in their grace period. */
export async function validTokens(
  ctx: Context,
  db: Kysely<Database>,
  scope: TokenScope,
): Promise<readonly ScopedToken[]> {
  const rows = await db
    .selectFrom("scoped_token")
    .selectAll()
    .where(ownerColumn(scope), "=", ownerKey(scope))
    .where((eb) => eb.or([eb("expires_at", "is", null), eb("expires_at", ">", ctx.services.now())]))
    .orderBy("id", "desc")
    .limit(MAX_LISTED)
    .execute();
  return rows.map((row) => toToken(ctx, row));
}

const MAX_LISTED = 100;

function toToken({ services }: Context, row: Selectable<ScopedTokenTable>): ScopedToken {
  const token = services.secretBox.open(row.token_sealed, sealedIn("scoped_token.token_sealed", row.id));
  return { key: row.id, token, createdAt: row.created_at, expiresAt: row.expires_at };
}

/** Revokes the tokens of an owner. */
export async function revokeTokens({ db, signal }: Tx, scope: TokenScope): Promise<void> {
  await tokensOf(db, scope).execute();
  signal({ kind: "tokens" });
}

function tokensOf(db: Kysely<Database>, scope: TokenScope) {
  return db.deleteFrom("scoped_token").where(ownerColumn(scope), "=", ownerKey(scope));
}

function ownerColumn({ autoConfigKey }: TokenScope): "auto_config_id" | "endpoint_id" {
  return autoConfigKey === null ? "endpoint_id" : "auto_config_id";
}

function ownerKey({ autoConfigKey, endpointKey }: TokenScope): number {
  return (autoConfigKey ?? endpointKey)!;
}
