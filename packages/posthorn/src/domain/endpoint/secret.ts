/** Signing secrets of an endpoint and their rotation. */
import { createSigner, generateKeyPair, generateSecret, publicKeyOf, WebhookError } from "@posthorn/webhooks";
import { invalid, PosthornError } from "../../lib/errors.ts";
import { type Call, type Context, reader, write } from "../context.ts";
import { announceEndpoint } from "../operational/operational.ts";
import { type EndpointRef, getEndpoint } from "./find.ts";
import { isAsymmetric, keyOf, textProblem } from "./secret-form.ts";
import type { Tx } from "../../store/tx.ts";
import { sealedIn } from "../../store/sealed-columns.ts";

/** Maximum number of earlier secrets that still sign alongside the current one. */
const MAX_EARLIER_SECRETS = 10;

/** Returns what receivers verify with: the shared secret, or the public key of an Ed25519 key pair. */
export async function getSecret({ ctx, input }: Call<EndpointRef>): Promise<string> {
  const { endpoint } = await getEndpoint(ctx, input);
  return verificationKey(await currentSecret(ctx, endpoint.key));
}

function verificationKey(secret: string): string {
  return isAsymmetric(secret) ? publicKeyOf(secret) : secret;
}

/**
 * Replaces the current secret and returns what receivers verify with. The previous secret continues to sign until its grace
 * period ends.
 */
export async function rotateSecret({
  ctx,
  input,
}: Call<EndpointRef & { readonly key: string | null; readonly gracePeriodSeconds: number }>): Promise<string> {
  const { application, endpoint } = await getEndpoint(ctx, input);
  // A given secret also replaces one that can no longer be decrypted.
  const next =
    input.key === null ? await newSecretLike(await currentSecret(ctx, endpoint.key)) : checkSecret(input.key);
  const now = ctx.services.now();
  await write(ctx, async (tx) => {
    await tx.db
      .deleteFrom("endpoint_secret")
      .where("endpoint_id", "=", endpoint.key)
      .where("expires_at", "<=", now)
      .execute();
    const { earlier } = await tx.db
      .selectFrom("endpoint_secret")
      .select((eb) => eb.fn.countAll<number>().as("earlier"))
      .where("endpoint_id", "=", endpoint.key)
      .where("expires_at", "is not", null)
      .executeTakeFirstOrThrow();
    if (earlier >= MAX_EARLIER_SECRETS && input.gracePeriodSeconds > 0) {
      throw new PosthornError(
        "limit_reached",
        `${MAX_EARLIER_SECRETS} earlier secrets of this endpoint are still valid. Wait until one expires, or rotate with gracePeriodSeconds 0.`,
      );
    }
    await tx.db
      .updateTable("endpoint_secret")
      .set({ expires_at: now + input.gracePeriodSeconds * 1000 })
      .where("endpoint_id", "=", endpoint.key)
      .where("expires_at", "is", null)
      .execute();
    await insertSecret(ctx, tx, endpoint.key, next);
    await announceEndpoint(ctx, tx, "endpoint.updated", { application, endpoint });
    tx.signal({ kind: "application", key: application.key });
  });
  return verificationKey(next);
}

export async function insertSecret(ctx: Context, tx: Tx, endpointKey: number, secret: string): Promise<void> {
  const id = ctx.services.ids.next("key_").key;
  const row = {
    id,
    endpoint_id: endpointKey,
    secret_sealed: ctx.services.secretBox.seal(secret, sealedIn("endpoint_secret.secret_sealed", endpointKey, id)),
    expires_at: null,
  };
  await tx.db.insertInto("endpoint_secret").values(row).execute();
}

/** Validates a secret from the caller: `whsec_` with 24 to 75 bytes, an Ed25519 key pair as `whsk_`, or `text:` and a text. */
export function checkSecret(secret: string, path = "key"): string {
  const problem = textProblem(secret);
  if (problem !== null) throw invalid(path, problem);
  try {
    // Only accept a secret that can sign: any other would make every publish of the application fail.
    createSigner(keyOf(secret));
    return secret;
  } catch (error) {
    if (error instanceof WebhookError) throw invalid(path, error.message);
    throw error;
  }
}

async function newSecretLike(current: string): Promise<string> {
  return isAsymmetric(current) ? (await generateKeyPair()).secretKey : generateSecret();
}

export async function currentSecret(ctx: Context, endpointKey: number): Promise<string> {
  const row = await reader(ctx)
    .selectFrom("endpoint_secret")
    .select(["id", "secret_sealed"])
    .where("endpoint_id", "=", endpointKey)
    .where("expires_at", "is", null)
    .executeTakeFirstOrThrow();
  return ctx.services.secretBox.open(row.secret_sealed, sealedIn("endpoint_secret.secret_sealed", endpointKey, row.id));
}
