/** Signing secrets of a source: several at a time, encrypted, never returned. */
import { invalid, notFound, PosthornError } from "../../lib/errors.ts";
import { keyOfId, timeOfKey } from "../../lib/id.ts";
import { type Call, type Context, reader, write } from "../context.ts";
import { getSource } from "./find.ts";
import { definitionOf, verifiesWithPublicKeys } from "./kind.ts";
import { checkSecretEncoding } from "./verification.ts";
import type { Tx } from "../../store/tx.ts";
import { sealedIn } from "../../store/sealed-columns.ts";

export interface SourceSecret {
  readonly id: string;
  /** Unix milliseconds. */
  readonly createdAt: number;
  /** `null`: valid until replaced or deleted. */
  readonly expiresAt: number | null;
}

/** Upper bound, because every secret is tried on a request with a wrong signature. */
const MAX_SECRETS = 10;

/** Secrets of a source, newest first, without their values. */
export async function listSecrets({ ctx, input }: Call<{ readonly source: string }>): Promise<readonly SourceSecret[]> {
  const source = await getSource(ctx, input.source);
  const rows = await reader(ctx)
    .selectFrom("source_secret")
    .select(["id", "public_id", "expires_at"])
    .where("source_id", "=", source.key)
    .where(({ eb, or }) => or([eb("expires_at", "is", null), eb("expires_at", ">", ctx.services.now())]))
    .orderBy("id", "desc")
    .execute();
  return rows.map((row) => ({ id: row.public_id, createdAt: timeOfKey(row.id), expiresAt: row.expires_at }));
}

export interface AddSecret {
  readonly source: string;
  readonly secret: string;
  /** How long earlier secrets stay valid; `null`: until they are deleted. */
  readonly overlapSeconds: number | null;
}

/** Adds a secret. Earlier ones stay valid until the overlap ends. */
export async function addSecret({ ctx, input }: Call<AddSecret>): Promise<SourceSecret> {
  const source = await getSource(ctx, input.source);
  checkSecretEncoding(source.verification, input.secret);
  const definition = definitionOf(source.type, source.verification);
  if (definition !== null && verifiesWithPublicKeys(definition)) {
    throw invalid(
      "secret",
      `${definition.name} signs with a private key, so it has no secret: put its public key in \`publicKeys\` of the source.`,
    );
  }
  return write(ctx, async (tx) => {
    if (input.overlapSeconds !== null) await endSecrets(ctx, tx, source.key, input.overlapSeconds);
    await checkRoom(ctx, tx, source.key);
    const secret = await insertSourceSecret(ctx, tx, source.key, input.secret);
    tx.signal({ kind: "source", key: source.key });
    return secret;
  });
}

export async function insertSourceSecret(
  ctx: Pick<Context, "services" | "audit">,
  { db }: Tx,
  sourceKey: number,
  secret: string,
): Promise<SourceSecret> {
  const { ids, secretBox } = ctx.services;
  const { key, id } = ids.next("ssec_");
  const row = {
    id: key,
    public_id: id,
    source_id: sourceKey,
    secret_sealed: secretBox.seal(secret, sealedIn("source_secret.secret_sealed", sourceKey, key)),
    expires_at: null,
  };
  await db.insertInto("source_secret").values(row).execute();
  ctx.audit?.created("secret", id);
  return { id, createdAt: timeOfKey(key), expiresAt: null };
}

/** Sets an end for secrets without one, and deletes expired secrets. */
export async function endSecrets(
  ctx: Pick<Context, "services">,
  { db }: Tx,
  sourceKey: number,
  overlapSeconds: number,
): Promise<void> {
  const now = ctx.services.now();
  await db
    .updateTable("source_secret")
    .set({ expires_at: now + overlapSeconds * 1000 })
    .where("source_id", "=", sourceKey)
    .where("expires_at", "is", null)
    .execute();
  await db.deleteFrom("source_secret").where("source_id", "=", sourceKey).where("expires_at", "<=", now).execute();
}

async function checkRoom(ctx: Context, { db }: Tx, sourceKey: number): Promise<void> {
  const { secrets } = await db
    .selectFrom("source_secret")
    .select((eb) => eb.fn.countAll<number>().as("secrets"))
    .where("source_id", "=", sourceKey)
    .where(({ eb, or }) => or([eb("expires_at", "is", null), eb("expires_at", ">", ctx.services.now())]))
    .executeTakeFirstOrThrow();
  if (secrets < MAX_SECRETS) return;
  throw new PosthornError(
    "limit_reached",
    `A source can have at most ${MAX_SECRETS} secrets. Delete one that is no longer used.`,
  );
}

/** Deletes a secret. Requests signed with it fail verification from then on. */
export async function deleteSecret({
  ctx,
  input,
}: Call<{ readonly source: string; readonly secret: string }>): Promise<void> {
  const source = await getSource(ctx, input.source);
  const key = keyOfId("ssec_", input.secret);
  if (key === null) throw notFound("secret");
  await write(ctx, async ({ db, signal }) => {
    const { numDeletedRows } = await db
      .deleteFrom("source_secret")
      .where("id", "=", key)
      .where("public_id", "=", input.secret)
      .where("source_id", "=", source.key)
      .executeTakeFirstOrThrow();
    if (numDeletedRows === 0n) throw notFound("secret");
    signal({ kind: "source", key: source.key });
  });
}
