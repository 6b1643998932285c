/**
 * Passkeys (WebAuthn Level 3): a person signs in with a key of their device, which also verifies them. They count as two factors.
 * Here a person adds, renames and removes their passkeys.
 */
import type { Selectable } from "kysely";
import type { PublicKeyCredentialCreationOptionsJSON, RegistrationResponseJSON } from "@simplewebauthn/server";
import { invalid, notFound, PosthornError } from "../../lib/errors.ts";
import type { PasskeyTable } from "../../store/people-schema.ts";
import { type Call, type Context, type OutsideContext, reader, write } from "../context.ts";
import { idIterator } from "../paging.ts";
import { hasOneTimeCodes, hasPasskey, requireFirstFactor, requireNoSecondFactor } from "./required-factor.ts";
import { requireWayToSignIn } from "./identity/identity.ts";
import { requireOwnAccount } from "./identity/scope.ts";
import { requirePerson } from "./user.ts";
import { CHALLENGE_MS, challengeOf, newChallenge, requireChallenge, useChallenge } from "./passkey-challenge.ts";
import { loadLibrary, relyingParty, transportsOf } from "./passkey-library.ts";

export interface Passkey {
  readonly id: string;
  readonly name: string;
  /** Whether the device copies it to other devices of the person. */
  readonly isSynced: boolean;
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
}

const MAX_PASSKEYS = 20;
/**
 * EdDSA, ES256 and RS256 of COSE, which all authenticators have. Named here, because the library would ask an experimental interface of Node
 * for others, which prints a warning.
 */
const ALGORITHMS = [-8, -7, -257];

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

function passkeysOf(ctx: Context, personKey: number): Promise<Selectable<PasskeyTable>[]> {
  return reader(ctx).selectFrom("passkey").selectAll().where("person_id", "=", personKey).orderBy("id").execute();
}

function toPasskey(row: Selectable<PasskeyTable>): Passkey {
  const { public_id: id, name, created_at: createdAt, last_used_at: lastUsedAt } = row;
  return { id, name, isSynced: row.synced === 1, createdAt, lastUsedAt };
}

async function orInvalid<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw invalid("response", `The browser's answer is not a valid passkey: ${reason}.`);
  }
}
