/** API keys of an organisation: opaque, shown once, and revocable at any time. */
import { randomBytes } from "node:crypto";
import { notFound } from "../../lib/errors.ts";
import { type Call, reader, write } from "../context.ts";
import { comparison, idIterator, type Page, type PageRequest, readPage } from "../paging.ts";
import { hashToken, KEY_PREFIX } from "./authenticate.ts";

export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
  readonly expiresAt: number | null;
}

const COLUMNS = ["public_id as id", "name", "created_at as createdAt", "expires_at as expiresAt"] as const;

/** Creates a key. Only the hash of `token` is stored, so it cannot be shown again. */
export async function createApiKey({
  ctx,
  input,
}: Call<{ readonly name: string; readonly expiresAt: number | null }>): Promise<ApiKey & { readonly token: string }> {
  const token = KEY_PREFIX + randomBytes(32).toString("base64url");
  const { key, id } = ctx.services.ids.next("key_");
  const createdAt = ctx.services.now();
  const { name, expiresAt } = input;
  await write(ctx, ({ db }) =>
    db
      .insertInto("api_key")
      .values({
        id: key,
        public_id: id,
        org_id: ctx.actor.orgId,
        name,
        hash: hashToken(token),
        created_at: createdAt,
        expires_at: expiresAt,
      })
      .execute(),
  );
  return { id, name, createdAt, expiresAt, token };
}

export async function listApiKeys({ ctx, input }: Call<PageRequest>): Promise<Page<ApiKey>> {
  return readPage(input, { order: "asc", keyOf: idIterator("key_") }, (slice) => {
    let query = reader(ctx)
      .selectFrom("api_key")
      .select(COLUMNS)
      .where("org_id", "=", ctx.actor.orgId)
      .orderBy("id", slice.order)
      .limit(slice.limit);
    if (slice.from !== null) query = query.where("id", comparison(slice.order), slice.from);
    return query.execute();
  });
}

/** Revokes a key. The next request with it is rejected. */
export async function revokeApiKey({ ctx, input }: Call<{ readonly key: string }>): Promise<void> {
  const key = idIterator("key_")(input.key);
  await write(ctx, async ({ db, signal }) => {
    const { numDeletedRows } = await db
      .deleteFrom("api_key")
      .where("id", "=", key ?? -1)
      .where("public_id", "=", input.key)
      .where("org_id", "=", ctx.actor.orgId)
      .executeTakeFirst();
    if (numDeletedRows === 0n) throw notFound("key");
    signal({ kind: "tokens" });
  });
}
