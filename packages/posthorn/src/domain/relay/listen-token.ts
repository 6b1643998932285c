/**
 * Listen tokens: a listener that presents one connects to one relay endpoint, without another credential. They are for listeners that cannot send an
 * API key. A token expires, can be revoked, and ends with the access of its creator.
 */
import { randomInt, randomUUID } from "node:crypto";
import type { Kysely, Selectable } from "kysely";
import { notFound, PosthornError } from "../../lib/errors.ts";
import { endSessions } from "../../relay/sessions.ts";
import type { ListenTokenTable } from "../../store/relay-schema.ts";
import type { Database } from "../../store/schema.ts";
import { getApplication } from "../application/find.ts";
import { hashToken } from "../auth/hash-token.ts";
import { limitsOfCaller } from "../auth/key-limits.ts";
import { atomically, type Call, type Context, reader, type Services } from "../context.ts";
import { withoutAccess } from "../subscription/entitlement.ts";
import { principalOf } from "../subscription/principal.ts";
import { insertSession, listenedEndpoint, type ListenedEndpoint } from "./open.ts";

export interface ListenToken {
  readonly id: string;
  readonly name: string;
  readonly tokenEnd: string;
  readonly endpointId: string;
  readonly createdAt: number;
  readonly expiresAt: number;
}

export interface NewListenToken extends Pick<ListenedEndpoint, "app" | "name" | "share" | "eventTypes" | "filter"> {
  /** Whether event types or filter were given. Otherwise, an existing endpoint keeps both. */
  readonly hasSelection: boolean;
  /** Unix milliseconds. */
  readonly expiresAt: number;
}

export const LISTEN_TOKEN_PREFIX = "c_";
const ID_PREFIX = "ltok_";
const MAX_TOKENS = 50;
const LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** 160 bits. */
const LENGTH = 27;

/**
 * Creates a token for the relay endpoint with this name, which is created if there is none. An existing one keeps its settings, unless others
 * are given. The token is shown once.
 */
export function createListenToken(call: Call<NewListenToken>): Promise<ListenToken & { readonly token: string }> {
  return atomically(call, async ({ ctx, input }) => {
    requireEnabled(ctx);
    const asked = { ...input, since: null, keep: null, resigns: false, isResumed: !input.hasSelection };
    const { endpoint } = await listenedEndpoint(ctx, asked);
    const { ids, now } = ctx.services;
    const { db } = ctx.tx;
    const createdAt = now();
    await db
      .deleteFrom("listen_token")
      .where("app_id", "=", endpoint.appKey)
      .where("expires_at", "<=", createdAt)
      .execute();
    const { tokens } = await db
      .selectFrom("listen_token")
      .select((eb) => eb.fn.countAll<number>().as("tokens"))
      .where("app_id", "=", endpoint.appKey)
      .executeTakeFirstOrThrow();
    if (tokens >= MAX_TOKENS)
      throw new PosthornError(
        "limit_reached",
        `An application can have up to ${MAX_TOKENS} listen tokens. Revoke one.`,
      );
    const secret = Array.from({ length: LENGTH }, () => LETTERS[randomInt(LETTERS.length)]!).join("");
    const principal = principalOf(ctx.actor);
    const row: Selectable<ListenTokenTable> = {
      id: ids.next("key_").key,
      org_id: ctx.actor.orgId,
      app_id: endpoint.appKey,
      endpoint_id: endpoint.key,
      name: input.name,
      hash: hashToken(secret),
      token_end: secret.slice(-4),
      principal: principal.id,
      principal_token_hash: principal.tokenHash,
      created_at: createdAt,
      expires_at: Math.min(input.expiresAt, principal.endsAt ?? Infinity),
    };
    await db.insertInto("listen_token").values(row).execute();
    ctx.audit?.created("listen-token", idOf(row.id));
    return { ...toToken({ ...row, endpoint: endpoint.id }), token: LISTEN_TOKEN_PREFIX + secret };
  });
}

/** Tokens of an application that have not expired, the oldest first. */
export async function listListenTokens({
  ctx,
  input,
}: Call<{ readonly app: string }>): Promise<readonly ListenToken[]> {
  const { key } = await getApplication(ctx, input.app);
  const rows = await reader(ctx)
    .selectFrom("listen_token")
    .innerJoin("endpoint", "endpoint.id", "listen_token.endpoint_id")
    .selectAll("listen_token")
    .select("endpoint.public_id as endpoint")
    .where("listen_token.app_id", "=", key)
    .where("listen_token.expires_at", ">", ctx.services.now())
    .orderBy("listen_token.id")
    .execute();
  return rows.map(toToken);
}

/** Revokes a token on all nodes, and disconnects its listeners. */
export function revokeListenToken(call: Call<{ readonly app: string; readonly token: string }>): Promise<void> {
  return atomically(call, async ({ ctx, input }) => {
    const { key } = await getApplication(ctx, input.app);
    const id = keyOf(input.token);
    const { db } = ctx.tx;
    const deleted = await db
      .deleteFrom("listen_token")
      .where("app_id", "=", key)
      .where("id", "=", id)
      .executeTakeFirstOrThrow();
    if (deleted.numDeletedRows === 0n) throw notFound("listen token");
    const sessions = await db
      .selectFrom("relay_session")
      .select(["id as key", "endpoint_id as endpointKey"])
      .where("listen_token_id", "=", id)
      .execute();
    await endSessions(ctx.tx, sessions, ctx.services.now());
  });
}

export interface PresentedToken {
  readonly key: number;
  readonly endpointKey: number;
}

/** The token, if it is valid. @param text As the listener sent it. */
export async function findListenToken(services: Services, text: string): Promise<PresentedToken | null> {
  // Some clients add the prefix to a token that has it already.
  const secret = text.replace(/^(?:c_)+/, "");
  const row = await services.store.db
    .selectFrom("listen_token")
    .select("id")
    .where("hash", "=", hashToken(secret))
    .executeTakeFirst();
  return row === undefined ? null : validToken(services.store.db, row.id, services.now());
}

/** Whether a token has neither expired nor been revoked, its endpoint exists, and its creator may still listen. */
export async function isListenTokenValid({ store, now }: Services, key: number): Promise<boolean> {
  return (await validToken(store.db, key, now())) !== null;
}

/** Returns a ticket with which the holder of the token connects once. `takeOver`: in place of the listener that is connected. */
export function openTokenSession(services: Services, key: number, takeOver: boolean): Promise<string> {
  return services.store.transaction(async (tx) => {
    const row = await tx.db.selectFrom("listen_token").selectAll().where("id", "=", key).executeTakeFirst();
    if (row === undefined) throw notFound("listen token");
    const { ticket } = await insertSession(
      { tx, services },
      {
        orgKey: row.org_id,
        appKey: row.app_id,
        endpointKey: row.endpoint_id,
        listenTokenKey: key,
        clientId: randomUUID(),
        clientName: row.name,
        takeOver,
        resigns: false,
      },
    );
    return ticket;
  }, "relay.token");
}

async function validToken(db: Kysely<Database>, key: number, now: number): Promise<PresentedToken | null> {
  const row = await db
    .selectFrom("listen_token")
    .innerJoin("endpoint", "endpoint.id", "listen_token.endpoint_id")
    .innerJoin("application", "application.id", "endpoint.app_id")
    .selectAll("listen_token")
    .where("listen_token.id", "=", key)
    .where("listen_token.expires_at", ">", now)
    .where("endpoint.deleted_at", "is", null)
    .where("application.deleted_at", "is", null)
    .executeTakeFirst();
  if (row === undefined) return null;
  const held = {
    principal: row.principal,
    tokenHash: row.principal_token_hash,
    orgKey: row.org_id,
    appKey: row.app_id,
    confirmedAt: row.created_at,
  };
  const [lost] = await withoutAccess(db, [held], now);
  return lost === undefined ? { key, endpointKey: row.endpoint_id } : null;
}

function requireEnabled(ctx: Context): void {
  if (!ctx.services.rules.listenTokens)
    throw new PosthornError(
      "not_supported",
      "Listen tokens are turned off. The operator of this server can allow them with POSTHORN_LISTEN_TOKENS=true.",
    );
  // The token would work from everywhere.
  if (limitsOfCaller(ctx).networks !== null)
    throw new PosthornError(
      "insufficient access",
      "A key that is limited to networks cannot create listen tokens, which work from any network.",
    );
}

const idOf = (key: number): string => ID_PREFIX + key.toString(36);

function keyOf(id: string): number {
  const key = Number.parseInt(id.startsWith(ID_PREFIX) ? id.slice(ID_PREFIX.length) : "", 36);
  return Number.isSafeInteger(key) ? key : -1;
}

function toToken(row: Selectable<ListenTokenTable> & { readonly endpoint: string }): ListenToken {
  return {
    id: idOf(row.id),
    name: row.name,
    tokenEnd: row.token_end,
    endpointId: row.endpoint,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}
