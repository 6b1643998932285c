/**
 * Challenges for passkeys. A challenge is not stored when it is created, so that strangers cannot fill a table: it proves its own origin and
 * age. When it is used, its hash is stored until it expires, so that it works once.
 */
import { randomBytes, timingSafeEqual } from "node:crypto";
import { PosthornError } from "../../lib/errors.ts";
import type { Tx } from "../../store/tx.ts";
import { hashToken } from "../auth/hash-token.ts";
import type { Services } from "../context.ts";

const PURPOSE = "posthorn passkey challenge";
export const CHALLENGE_MS = 300_000;

/** A challenge: time, random bytes, and a proof that this server made it for this purpose. */
export function newChallenge({ tokens, now }: Pick<Services, "tokens" | "now">, purpose: string): string {
  const text = `${now()}.${randomBytes(16).toString("base64url")}`;
  return `${text}.${tokens.proof(PURPOSE, `${purpose} ${text}`)}`;
}

/** The challenge that a response answers. */
export function challengeOf({ response }: { readonly response: { readonly clientDataJSON: string } }): string {
  try {
    const client = JSON.parse(Buffer.from(response.clientDataJSON, "base64url").toString()) as { challenge: string };
    return Buffer.from(client.challenge, "base64url").toString();
  } catch {
    throw passkeyFailed();
  }
}

/** Throws unless this server made the challenge for this purpose, within the last minutes. */
export function requireChallenge(
  { tokens, now }: Pick<Services, "tokens" | "now">,
  purpose: string,
  challenge: string,
): void {
  const [at = "", random = "", proof = ""] = challenge.split(".");
  const expected = Buffer.from(tokens.proof(PURPOSE, `${purpose} ${at}.${random}`));
  const given = Buffer.from(proof);
  const isOurs = expected.length === given.length && timingSafeEqual(expected, given);
  if (!isOurs || !(now() - Number(at) < CHALLENGE_MS)) throw passkeyFailed();
}

/** Throws if the challenge was used before. */
export async function useChallenge(
  { ids, now }: Pick<Services, "ids" | "now">,
  { db }: Tx,
  challenge: string,
): Promise<void> {
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

export function passkeyFailed(cause?: unknown): PosthornError {
  return new PosthornError(
    "sign_in_failed",
    "The passkey was not accepted. It may have been removed, or the page may have been open for too long.",
    { cause },
  );
}
