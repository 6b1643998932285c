/**
 * Refresh tokens. They are random, and only their hashes are stored.
 *
 * A refresh token has two parts: the secret of the session, which stays the same, and one that is replaced with each use. A token with the
 * right first part and an old second one was used before. Only someone who had a genuine token can present one, so strangers cannot end a
 * connection that way, and used tokens need not be kept.
 *
 * The last used token can be presented again for a short time, because clients refresh from parallel calls, and lose responses. It yields
 * the same tokens as the first time: they are derived from it and a seed, which is stored, and useless without the token.
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Kysely, Selectable } from "kysely";
import type { ConnectedClientTable } from "../../store/connected-client-schema.ts";
import type { Database } from "../../store/schema.ts";
import type { Tx } from "../../store/tx.ts";
import { hashToken } from "../auth/hash-token.ts";
import { ACCESS_PREFIX } from "./authenticate.ts";

const REFRESH_PREFIX = "phr_";
/** How long a used refresh token, and the access token that it replaced, are still accepted. */
export const GRACE_MS = 60_000;

type Row = Selectable<ConnectedClientTable>;

/** The two parts of a refresh token. */
export interface RefreshToken {
  readonly secret: string;
  readonly changing: string;
}

/** The parts of a text with the form of a refresh token; `null`: it has another form. */
function partsOf(token: string): RefreshToken | null {
  const [, secret, changing] = /^(phr_[\w-]{43})\.([\w-]{43})$/.exec(token) ?? [];
  return secret === undefined || changing === undefined ? null : { secret, changing };
}

/** A token for a connection that has none yet. */
export function newRefreshToken(): RefreshToken {
  return { secret: REFRESH_PREFIX + randomBytes(32).toString("base64url"), changing: randomText() };
}

function randomText(): string {
  return randomBytes(32).toString("base64url");
}

export interface Successors {
  readonly refresh: RefreshToken;
  readonly accessToken: string;
}

/** The tokens that replace a refresh token. */
export function successorsOf({ secret, changing }: RefreshToken, seed: Uint8Array): Successors {
  const derived = (kind: string): string =>
    createHmac("sha256", seed).update(`${kind} ${changing}`).digest("base64url");
  return { refresh: { secret, changing: derived("refresh") }, accessToken: ACCESS_PREFIX + derived("access") };
}

export function newSeed(): Uint8Array {
  return randomBytes(32);
}

function sessionOf(db: Kysely<Database>, secret: string) {
  return db
    .selectFrom("person_session as s")
    .select("s.id")
    .where("s.hash", "=", hashToken(secret))
    .where("s.kind", "=", "client");
}

/** Whether the first part of the token is that of a session. */
export async function hasSession(db: Kysely<Database>, token: string): Promise<boolean> {
  const parts = partsOf(token);
  return parts !== null && (await sessionOf(db, parts.secret).executeTakeFirst()) !== undefined;
}

export interface Refreshed {
  readonly row: Row;
  readonly token: RefreshToken;
}

/** The connection of a refresh token, current or not. Its row is locked, so that one of two simultaneous uses comes second. */
export async function findRefreshed({ db }: Tx, text: string): Promise<Refreshed | null> {
  const token = partsOf(text);
  if (token === null) return null;
  const row = await db
    .updateTable("connected_client")
    .set((eb) => ({ scope: eb.ref("scope") }))
    .where("id", "=", () => sessionOf(db, token.secret))
    .returningAll()
    .executeTakeFirst();
  return row?.refresh_hash === undefined || row.refresh_hash === null ? null : { row, token };
}

/**
 * `repeated`: the token was used last, and less than a minute ago or without effect so far. As long as the access token that was issued for it
 * is unused, the client may not have received the response, and the token is worth no more than its successor.
 */
export function classifyUse({ row, token }: Refreshed, now: number): "first" | "repeated" | "reused" {
  const hash = hashToken(token.changing);
  if (isSame(hash, row.refresh_hash)) return "first";
  if (!isSame(hash, row.previous_refresh_hash)) return "reused";
  return now < (row.refreshed_at ?? 0) + GRACE_MS || row.access_used_at === null ? "repeated" : "reused";
}

export function isSame(one: Uint8Array, other: Uint8Array | null): boolean {
  return other !== null && one.length === other.length && timingSafeEqual(one, other);
}
