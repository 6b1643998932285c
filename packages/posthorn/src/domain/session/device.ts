/**
 * Sign-in of a command line (RFC 8628): it shows a code, a person who is signed in approves it in a browser, and the command line gets a
 * token that is a session of that person.
 */
import { randomBytes } from "node:crypto";
import { PosthornError } from "../../lib/errors.ts";
import { type OutsideCall, type Services, write } from "../context.ts";
import { hashToken } from "../auth/hash-token.ts";
import { requirePerson } from "../user/user.ts";
import { addressSubject, clearAttempts, countAttempt } from "./limits.ts";
import { readableCode, readableHash } from "./one-time.ts";
import { type Client, startSession } from "./session.ts";

const LIFETIME_MS = 600_000;
const INTERVAL_SECONDS = 5;
const MAX_INTERVAL_SECONDS = 60;
/** Open requests on the whole server. Each is a row that a stranger can create. */
const MAX_OPEN = 1000;
const USER_CODE_LENGTH = 8;
const PURPOSE = "device";
const MAX_CLIENT = 100;

export interface DeviceAuthorization {
  readonly deviceCode: string;
  readonly userCode: string;
  readonly verificationUri: string;
  readonly verificationUriComplete: string;
  readonly expiresInSeconds: number;
  readonly intervalSeconds: number;
}

/**
 * Starts a request.
 * @param name Name that the program gave.
 */
export async function authorizeDevice(services: Services, name: string, client: Client): Promise<DeviceAuthorization> {
  const { store, ids, now, rules } = services;
  await countAttempt(services, [addressSubject(client.ip)]);
  const deviceCode = randomBytes(32).toString("base64url");
  const userCode = readableCode(USER_CODE_LENGTH);
  const { key } = ids.next("ses_");
  const at = now();
  await store.transaction(async ({ db }) => {
    await db.deleteFrom("device_request").where("expires_at", "<=", at).execute();
    const { open } = await db
      .selectFrom("device_request")
      .select((eb) => eb.fn.countAll<number>().as("open"))
      .executeTakeFirstOrThrow();
    if (open >= MAX_OPEN) {
      throw new PosthornError(
        "too_many_requests",
        "Too many command lines are signing in. Try again in a few minutes.",
      );
    }
    await db
      .insertInto("device_request")
      .values({
        id: key,
        hash: hashToken(deviceCode),
        user_code_hash: readableHash(PURPOSE, userCode),
        client: name.slice(0, MAX_CLIENT),
        ip: client.ip,
        state: "pending",
        person_id: null,
        org_id: null,
        second_factor_at: null,
        provider_id: null,
        provider_subject: null,
        polled_at: 0,
        interval_seconds: INTERVAL_SECONDS,
        created_at: at,
        expires_at: at + LIFETIME_MS,
      })
      .execute();
  }, "device.authorize");
  const verificationUri = `${rules.publicUrl()}/device`;
  return {
    deviceCode,
    userCode,
    verificationUri,
    verificationUriComplete: `${verificationUri}?code=${userCode}`,
    expiresInSeconds: LIFETIME_MS / 1000,
    intervalSeconds: INTERVAL_SECONDS,
  };
}

/** Errors of RFC 8628, section 3.5, by which the program decides whether to ask again. */
export type DeviceError = "authorization_pending" | "slow_down" | "access_denied" | "expired_token";

export type DeviceResult = { readonly token: string; readonly expiresAt: number } | { readonly error: DeviceError };

/** A poll of the program. Returns the token once. */
export async function pollDevice(services: Services, deviceCode: string, client: Client): Promise<DeviceResult> {
  const { store, now } = services;
  return await store.transaction(async (tx): Promise<DeviceResult> => {
    const { db } = tx;
    const at = now();
    // The update locks the row, so that only one of two simultaneous polls gets the token.
    const row = await db
      .updateTable("device_request")
      .set((eb) => ({ created_at: eb.ref("created_at") }))
      .where("hash", "=", hashToken(deviceCode))
      .where("expires_at", ">", at)
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) return { error: "expired_token" };
    if (row.state === "pending") {
      const isTooSoon = at < row.polled_at + row.interval_seconds * 1000 - 500;
      const interval = isTooSoon ? Math.min(MAX_INTERVAL_SECONDS, row.interval_seconds + 5) : row.interval_seconds;
      await db
        .updateTable("device_request")
        .set({ polled_at: at, interval_seconds: interval })
        .where("id", "=", row.id)
        .execute();
      return { error: isTooSoon ? "slow_down" : "authorization_pending" };
    }
    await db.deleteFrom("device_request").where("id", "=", row.id).execute();
    if (row.state === "denied" || row.person_id === null || row.org_id === null) return { error: "access_denied" };
    const { provider_id: providerKey, provider_subject: subject } = row;
    const { secret, expiresAt } = await startSession(services, tx, {
      kind: "cli",
      personKey: row.person_id,
      orgId: row.org_id,
      secondFactorAt: row.second_factor_at,
      client: { ip: client.ip, userAgent: row.client === "" ? client.userAgent : row.client },
      // Limits of the session in which the person approved it apply to the command line too.
      ...(providerKey === null || subject === null
        ? {}
        : { provider: { key: providerKey, subject, sessionId: null, idToken: null } }),
    });
    return { token: secret, expiresAt };
  }, "device.poll");
}

export interface PendingDevice {
  readonly client: string;
  readonly ip: string;
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** The request with this user code, for the person who is asked to approve it. Guesses are limited. */
export async function findDevice({ ctx, input }: OutsideCall<{ readonly userCode: string }>): Promise<PendingDevice> {
  const { services } = ctx;
  const { key } = requirePerson(ctx.actor);
  const subjects = [{ kind: "code", name: String(key) }] as const;
  await countAttempt(services, subjects);
  const row = await services.store.db
    .selectFrom("device_request")
    .selectAll()
    .where("user_code_hash", "=", readableHash(PURPOSE, input.userCode))
    .where("state", "=", "pending")
    .where("expires_at", ">", services.now())
    .executeTakeFirst();
  if (row === undefined) throw noSuchCode();
  await clearAttempts(services, subjects);
  return { client: row.client, ip: row.ip, createdAt: row.created_at, expiresAt: row.expires_at };
}

/** Approves or denies the request with this user code. */
export async function decideDevice({
  ctx,
  input,
}: OutsideCall<{ readonly userCode: string; readonly approve: boolean }>): Promise<void> {
  const { services, actor } = ctx;
  await findDevice({ ctx, input });
  const { key, sessionKey } = requirePerson(actor);
  await write(ctx, async ({ db }) => {
    const session = await db
      .selectFrom("person_session")
      .select(["second_factor_at", "provider_id", "provider_subject"])
      .where("id", "=", sessionKey)
      .executeTakeFirst();
    const { numUpdatedRows } = await db
      .updateTable("device_request")
      .set({
        state: input.approve ? "approved" : "denied",
        person_id: key,
        org_id: actor.orgId,
        second_factor_at: session?.second_factor_at ?? null,
        provider_id: session?.provider_id ?? null,
        provider_subject: session?.provider_subject ?? null,
      })
      .where("user_code_hash", "=", readableHash(PURPOSE, input.userCode))
      .where("state", "=", "pending")
      .where("expires_at", ">", services.now())
      .executeTakeFirst();
    if (numUpdatedRows === 0n) throw noSuchCode();
  });
}

function noSuchCode(): PosthornError {
  return new PosthornError("not_found", "This code does not exist. It may have expired: run the command again.");
}
