/** Tokens in the URLs of sources. */
import { createHash, randomBytes } from "node:crypto";
import { PosthornError } from "../../lib/errors.ts";
import { type Call, type Context, reader, write } from "../context.ts";
import { MAIL_SOURCE } from "../../sources/kinds.ts";
import { getSource } from "./find.ts";
import type { Tx } from "../../store/tx.ts";
import { sealedIn } from "../../store/sealed-columns.ts";

/** 160 bits, which cannot be guessed. */
const TOKEN_BYTES = 20;

/** Format of a token. Anything else is not looked up. */
export const TOKEN_PATTERN = /^[0-9a-f]{40}$/;

/** Hash under which a token is stored. */
export function tokenHash(token: string): Uint8Array {
  return createHash("sha256").update(token).digest();
}

/** URL to enter at the provider: of requests or, for `email` sources, of their address. */
export function ingestUrl(ctx: Pick<Context, "services">, kind: string, token: string): string {
  const { rules } = ctx.services;
  return kind === MAIL_SOURCE ? `mailto:${token}@${rules.mailDomain}` : `${rules.ingestUrl()}/in/${token}`;
}

export async function insertToken(ctx: Context, { db }: Tx, sourceKey: number): Promise<string> {
  const token = randomBytes(TOKEN_BYTES).toString("hex");
  const row = {
    hash: tokenHash(token),
    source_id: sourceKey,
    token_sealed: ctx.services.secretBox.seal(token, placeOf(sourceKey)),
    expires_at: null,
  };
  await db.insertInto("source_token").values(row).execute();
  return token;
}

/** Opens the token in the URL of a source. */
export function openToken(
  { services }: Pick<Context, "services">,
  row: { readonly hash: Uint8Array; readonly source_id: number; readonly token_sealed: Uint8Array },
): string {
  const token = services.secretBox.open(row.token_sealed, placeOf(row.source_id));
  if (Buffer.compare(tokenHash(token), row.hash) === 0) return token;
  throw new PosthornError("storage_corrupt", "A stored token of a source belongs to another row: it was moved.");
}

function placeOf(sourceKey: number): string {
  return sealedIn("source_token.token_sealed", sourceKey);
}

/** Current tokens of several sources by source key. */
export async function currentTokens(ctx: Context, sourceKeys: readonly number[]): Promise<ReadonlyMap<number, string>> {
  if (sourceKeys.length === 0) return new Map();
  const rows = await reader(ctx)
    .selectFrom("source_token")
    .select(["hash", "source_id", "token_sealed"])
    .where("source_id", "in", [...sourceKeys])
    .where("expires_at", "is", null)
    .execute();
  return new Map(rows.map((row) => [row.source_id, openToken(ctx, row)]));
}

/** Creates a new token and returns the URL with it. The previous token stays valid for the overlap. */
export async function rotateToken({
  ctx,
  input,
}: Call<{ readonly source: string; readonly overlapSeconds: number }>): Promise<string> {
  const source = await getSource(ctx, input.source);
  const now = ctx.services.now();
  return write(ctx, async (tx) => {
    await tx.db.deleteFrom("source_token").where("source_id", "=", source.key).where("expires_at", "<=", now).execute();
    await tx.db
      .updateTable("source_token")
      .set({ expires_at: now + input.overlapSeconds * 1000 })
      .where("source_id", "=", source.key)
      .where("expires_at", "is", null)
      .execute();
    const token = await insertToken(ctx, tx, source.key);
    tx.signal({ kind: "source", key: source.key });
    return ingestUrl(ctx, source.kind, token);
  });
}
