/** Sign-in with a passkey. It counts as two factors. */
import type { AuthenticationResponseJSON, PublicKeyCredentialRequestOptionsJSON } from "@simplewebauthn/server";
import type { Services } from "../context.ts";
import { addressSubject, clearAttempts, countAttempt } from "../session/limits.ts";
import { type Attempt, beginSession, signInFailed, type SignedIn } from "../session/sign-in.ts";
import {
  CHALLENGE_MS,
  challengeOf,
  newChallenge,
  passkeyFailed,
  requireChallenge,
  useChallenge,
} from "./passkey-challenge.ts";
import { loadLibrary, relyingParty, transportsOf } from "./passkey-library.ts";

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
