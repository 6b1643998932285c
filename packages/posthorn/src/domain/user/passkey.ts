/**
 * Passkeys (WebAuthn Level 3): a person signs in with a key of their device, which also verifies them. They count as two factors.
 *
 * A challenge is not stored when it is made, so that strangers cannot fill a table: it proves its own origin and age. When it is used, its
 * hash is stored until it expires, so that it works once.
 */
import { randomBytes, timingSafeEqual } from "node:crypto";
import type { Selectable } from "kysely";
import type {
  AuthenticationResponseJSON,
  AuthenticatorTransport,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from "@simplewebauthn/server";
import { invalid, notFound, PosthornError } from "../../lib/errors.ts";
import type { PasskeyTable } from "../../store/people-schema.ts";
import type { Tx } from "../../store/tx.ts";
import { hashToken } from "../auth/hash-token.ts";
import { type Call, type Context, type OutsideContext, reader, type Services, write } from "../context.ts";
import { idIterator } from "../paging.ts";
import { addressSubject, clearAttempts, countAttempt } from "../session/limits.ts";
import { type Attempt, beginSession, signInFailed, type SignedIn } from "../session/sign-in.ts";
import { hasOneTimeCodes, hasPasskey, requireFirstFactor, requireNoSecondFactor } from "./required-factor.ts";
import { requireWayToSignIn } from "./identity/identity.ts";
import { requireOwnAccount } from "./identity/scope.ts";
import { requirePerson } from "./user.ts";

export interface Passkey {
  readonly id: string;
  readonly name: string;
  /** Whether the device copies it to other devices of the person. */
  readonly isSynced: boolean;
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
}

const PURPOSE = "posthorn passkey challenge";
const CHALLENGE_MS = 300_000;
const MAX_PASSKEYS = 20;
/**
 * EdDSA, ES256 and RS256 of COSE, which all authenticators have. Named here, because the library would ask an experimental interface of Node
 * for others, which prints a warning.
 */
const ALGORITHMS = [-8, -7, -257];

/** The library is loaded with the first passkey. */
const loadLibrary = async () => import("@simplewebauthn/server");

/** Host and origin for which passkeys of this server are valid. */
interface RelyingParty {
  readonly id: string;
  readonly origin: string;
}

/** Throws `passkeys_unavailable` if the server has no host name, for which browsers offer passkeys. */
export function relyingParty({ rules }: Pick<Services, "rules">): RelyingParty {
  const { hostname, origin, protocol } = new URL(rules.publicUrl());
  const isDomain = /[a-z]/i.test(hostname) && !hostname.startsWith("[");
  if (isDomain && (protocol === "https:" || hostname === "localhost")) return { id: hostname, origin };
  throw new PosthornError(
    "passkeys_unavailable",
    `Browsers offer passkeys for host names with https only, and this server is at ${origin}. Set POSTHORN_PUBLIC_URL.`,
  );
}

/** Options for `navigator.credentials.create`. */
export async function passkeyCreationOptions(ctx: OutsideContext): Promise<PublicKeyCredentialCreationOptionsJSON> {
  const { services } = ctx;
  const { key, sessionKey } = requirePerson(ctx.actor);
  await requireOwnAccount(reader(ctx), { key, sessionKey });
  const { id } = relyingParty(services);
  const person = await reader(ctx).selectFrom("person").selectAll().where("id", "=", key).executeTakeFirstOrThrow();
  const own = await passkeysOf(ctx, key);
  if (own.length >= MAX_PASSKEYS) {
    throw new PosthornError("limit_reached", `You can have up to ${MAX_PASSKEYS} passkeys. Remove one first.`);
  }
  const { generateRegistrationOptions } = await loadLibrary();
  return await generateRegistrationOptions({
    rpName: "Posthorn",
    rpID: id,
    userName: person.email,
    userDisplayName: person.name,
    userID: new Uint8Array(Buffer.from(person.public_id)),
    challenge: newChallenge(services, person.public_id),
    timeout: CHALLENGE_MS,
    excludeCredentials: own.map(({ credential_id, transports_json }) => ({
      id: credential_id,
      transports: transportsOf(transports_json),
    })),
    authenticatorSelection: { residentKey: "required", userVerification: "required" },
    attestationType: "none",
    supportedAlgorithmIDs: ALGORITHMS,
  });
}

/** Stores the passkey that a browser has created. */
export async function addPasskey({
  ctx,
  input,
}: Call<{ readonly name: string; readonly response: RegistrationResponseJSON }, OutsideContext>): Promise<Passkey> {
  const { services } = ctx;
  const { id: host, origin } = relyingParty(services);
  const { key: personKey, sessionKey } = requirePerson(ctx.actor);
  const purpose = ctx.actor.kind === "organisation" && ctx.actor.caller.kind === "user" ? ctx.actor.caller.id : "";
  const { verifyRegistrationResponse } = await loadLibrary();
  const found = challengeOf(input.response);
  requireChallenge(services, purpose, found);
  const verification = await orInvalid(() =>
    verifyRegistrationResponse({
      response: input.response,
      expectedChallenge: Buffer.from(found).toString("base64url"),
      expectedOrigin: origin,
      expectedRPID: host,
      requireUserVerification: true,
      supportedAlgorithmIDs: ALGORITHMS,
    }),
  );
  if (!verification.verified) throw invalid("response", "The browser's answer is not a valid passkey.");
  const { credential, credentialBackedUp } = verification.registrationInfo;
  const { key, id } = services.ids.next("passkey_");
  const row: Selectable<PasskeyTable> = {
    id: key,
    public_id: id,
    person_id: personKey,
    credential_id: credential.id,
    public_key: Buffer.from(credential.publicKey),
    counter: credential.counter,
    transports_json: JSON.stringify(credential.transports ?? []),
    name: input.name,
    synced: credentialBackedUp ? 1 : 0,
    created_at: services.now(),
    last_used_at: null,
  };
  await write(ctx, async (tx) => {
    await requireOwnAccount(tx.db, { key: personKey, sessionKey });
    await requireFirstFactor(tx.db, ctx.actor);
    await useChallenge(services, tx, found);
    const { numInsertedOrUpdatedRows } = await tx.db
      .insertInto("passkey")
      .values(row)
      .onConflict((conflict) => conflict.column("credential_id").doNothing())
      .executeTakeFirst();
    if (numInsertedOrUpdatedRows === 0n) throw new PosthornError("conflict", "This passkey is already registered.");
    // Its device has just verified the person, as it does at sign-in.
    await tx.db
      .updateTable("person_session")
      .set({ second_factor_at: services.now() })
      .where("id", "=", sessionKey)
      .where("second_factor_at", "is", null)
      .execute();
    tx.signal({ kind: "tokens" });
  });
  return toPasskey(row);
}

export async function listPasskeys(ctx: Context): Promise<readonly Passkey[]> {
  return (await passkeysOf(ctx, requirePerson(ctx.actor).key)).map(toPasskey);
}

export async function renamePasskey({
  ctx,
  input,
}: Call<{ readonly id: string; readonly name: string }>): Promise<Passkey> {
  const { key } = requirePerson(ctx.actor);
  const row = await write(ctx, ({ db }) =>
    db
      .updateTable("passkey")
      .set({ name: input.name })
      .where("id", "=", idIterator("passkey_")(input.id) ?? -1)
      .where("person_id", "=", key)
      .returningAll()
      .executeTakeFirst(),
  );
  if (row === undefined) throw notFound("passkey");
  return toPasskey(row);
}

/** Removes a passkey. The person can still use their other ways to sign in; the last one cannot be removed. */
export async function removePasskey({ ctx, input }: Call<{ readonly id: string }>): Promise<void> {
  const { key } = requirePerson(ctx.actor);
  await write(ctx, async ({ db }) => {
    const { numDeletedRows } = await db
      .deleteFrom("passkey")
      .where("id", "=", idIterator("passkey_")(input.id) ?? -1)
      .where("person_id", "=", key)
      .executeTakeFirst();
    if (numDeletedRows === 0n) throw notFound("passkey");
    await requireWayToSignIn(db, key);
    if (!(await hasPasskey(db, key)) && !(await hasOneTimeCodes(db, key))) await requireNoSecondFactor(db, key);
  });
}

/** Options for `navigator.credentials.get`: any passkey of this server that the device has. */
export async function passkeyRequestOptions(services: Services): Promise<PublicKeyCredentialRequestOptionsJSON> {
  const { generateAuthenticationOptions } = await loadLibrary();
  return await generateAuthenticationOptions({
    rpID: relyingParty(services).id,
    challenge: newChallenge(services, ""),
    timeout: CHALLENGE_MS,
    userVerification: "required",
    allowCredentials: [],
  });
}

/** Signs in with the answer of a passkey. Does not say what is wrong with one that fails. */
export async function signInWithPasskey(
  services: Services,
  response: AuthenticationResponseJSON,
  attempt: Attempt,
): Promise<SignedIn> {
  const { id: host, origin } = relyingParty(services);
  const subjects = [addressSubject(attempt.ip)];
  await countAttempt(services, subjects);
  const found = challengeOf(response);
  requireChallenge(services, "", found);
  const { verifyAuthenticationResponse } = await loadLibrary();
  const signedIn = await services.store.transaction(async (tx) => {
    const passkey = await tx.db
      .selectFrom("passkey")
      .selectAll()
      .where("credential_id", "=", response.id)
      .executeTakeFirst();
    if (passkey === undefined) throw passkeyFailed();
    const person = await tx.db
      .selectFrom("person")
      .selectAll()
      .where("id", "=", passkey.person_id)
      .executeTakeFirstOrThrow();
    if (person.disabled_at !== null) throw signInFailed();
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response,
      expectedChallenge: Buffer.from(found).toString("base64url"),
      expectedOrigin: origin,
      expectedRPID: host,
      requireUserVerification: true,
      credential: {
        id: passkey.credential_id,
        publicKey: new Uint8Array(passkey.public_key),
        counter: passkey.counter,
        transports: transportsOf(passkey.transports_json),
      },
    }).catch((cause: unknown) => {
      throw passkeyFailed(cause);
    });
    if (!verified) throw passkeyFailed();
    await useChallenge(services, tx, found);
    await tx.db
      .updateTable("passkey")
      .set({
        counter: authenticationInfo.newCounter,
        synced: authenticationInfo.credentialBackedUp ? 1 : 0,
        last_used_at: services.now(),
      })
      .where("id", "=", passkey.id)
      .execute();
    return await beginSession(services, tx, person, attempt, { secondFactorAt: services.now() });
  }, "session.passkey");
  await clearAttempts(services, subjects);
  return signedIn;
}

function passkeysOf(ctx: Context, personKey: number): Promise<Selectable<PasskeyTable>[]> {
  return reader(ctx).selectFrom("passkey").selectAll().where("person_id", "=", personKey).orderBy("id").execute();
}

function toPasskey(row: Selectable<PasskeyTable>): Passkey {
  const { public_id: id, name, created_at: createdAt, last_used_at: lastUsedAt } = row;
  return { id, name, isSynced: row.synced === 1, createdAt, lastUsedAt };
}

function transportsOf(json: string): AuthenticatorTransport[] {
  return JSON.parse(json) as AuthenticatorTransport[];
}

/** A challenge: time, random bytes, and a proof that this server made it for this purpose. */
function newChallenge({ tokens, now }: Pick<Services, "tokens" | "now">, purpose: string): string {
  const text = `${now()}.${randomBytes(16).toString("base64url")}`;
  return `${text}.${tokens.proof(PURPOSE, `${purpose} ${text}`)}`;
}

/** The challenge that a response answers. */
function challengeOf({ response }: { readonly response: { readonly clientDataJSON: string } }): string {
  try {
    const client = JSON.parse(Buffer.from(response.clientDataJSON, "base64url").toString()) as { challenge: string };
    return Buffer.from(client.challenge, "base64url").toString();
  } catch {
    throw passkeyFailed();
  }
}

/** Throws unless this server made the challenge for this purpose, within the last minutes. */
function requireChallenge({ tokens, now }: Pick<Services, "tokens" | "now">, purpose: string, challenge: string): void {
  const [at = "", random = "", proof = ""] = challenge.split(".");
  const expected = Buffer.from(tokens.proof(PURPOSE, `${purpose} ${at}.${random}`));
  const given = Buffer.from(proof);
  const isOurs = expected.length === given.length && timingSafeEqual(expected, given);
  if (!isOurs || !(now() - Number(at) < CHALLENGE_MS)) throw passkeyFailed();
}

/** Throws if the challenge was used before. */
async function useChallenge({ ids, now }: Pick<Services, "ids" | "now">, { db }: Tx, challenge: string): Promise<void> {
  const { key, id } = ids.next("inv_");
  const { numInsertedOrUpdatedRows } = await db
    .insertInto("person_token")
    .values({
      id: key,
      public_id: id,
      kind: "used_challenge",
      hash: hashToken(`used_challenge:${challenge}`),
      person_id: null,
      org_id: 0,
      app_id: null,
      role: null,
      email: null,
      created_by: "",
      created_at: now(),
      expires_at: now() + CHALLENGE_MS,
    })
    .onConflict((conflict) => conflict.column("hash").doNothing())
    .executeTakeFirst();
  if (numInsertedOrUpdatedRows === 0n) throw passkeyFailed();
}

async function orInvalid<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw invalid("response", `The browser's answer is not a valid passkey: ${reason}.`);
  }
}

function passkeyFailed(cause?: unknown): PosthornError {
  return new PosthornError(
    "sign_in_failed",
    "The passkey was not accepted. It may have been removed, or the page may have been open for too long.",
    { cause },
  );
}
