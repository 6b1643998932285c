/** Tokens for the REST hooks of one application. Users enter them in an automation platform, so they do not expire by themselves. */
import { randomBytes } from "node:crypto";
import { notFound, PosthornError } from "../../lib/errors.ts";
import { getApplication, ofCustomers } from "../application/find.ts";
import { SCOPED_PREFIX } from "../auth/token-lookup.ts";
import { hashToken } from "../auth/hash-token.ts";
import { atomically, type Call, reader } from "../context.ts";
import { sealedIn } from "../../store/sealed-columns.ts";

export interface HookToken {
  readonly id: string;
  /** Shown once. `null`: it was created earlier. */
  readonly token: string | null;
  readonly tokenEnd: string;
  readonly createdAt: number;
  /** `null`: never. */
  readonly expiresAt: number | null;
}

const ID_PREFIX = "hooktok_";
const MAX_TOKENS = 100;
const idOf = (key: number): string => ID_PREFIX + key.toString(36);

export function createHookToken(
  call: Call<{ readonly app: string; readonly expiresAt: number | null }>,
): Promise<HookToken> {
  return atomically(call, async ({ ctx, input }) => {
    const { key: app_id } = await getApplication(ofCustomers(ctx), input.app);
    const { ids, now, secretBox } = ctx.services;
    const { db } = ctx.tx;
    const createdAt = now();
    await db.deleteFrom("scoped_token").where("app_id", "=", app_id).where("expires_at", "<=", createdAt).execute();
    const { tokens } = await hookTokens(db, app_id)
      .select((eb) => eb.fn.countAll<number>().as("tokens"))
      .executeTakeFirstOrThrow();
    if (tokens >= MAX_TOKENS) {
      throw new PosthornError("limit_reached", `An application can have up to ${MAX_TOKENS} of these tokens.`);
    }
    const token = `${SCOPED_PREFIX}hook_${randomBytes(32).toString("base64url")}`;
    const { key } = ids.next("key_");
    await db
      .insertInto("scoped_token")
      .values({
        id: key,
        org_id: ctx.actor.orgId,
        app_id,
        endpoint_id: null,
        auto_config_id: null,
        hash: hashToken(token),
        token_sealed: secretBox.seal(token.slice(-4), sealedIn("scoped_token.token_sealed", key)),
        created_at: createdAt,
        expires_at: input.expiresAt,
      })
      .execute();
    ctx.audit?.created("token", idOf(key));
    return { id: idOf(key), token, tokenEnd: token.slice(-4), createdAt, expiresAt: input.expiresAt };
  });
}

export async function listHookTokens({ ctx, input }: Call<{ readonly app: string }>): Promise<readonly HookToken[]> {
  const { key } = await getApplication(ofCustomers(ctx), input.app);
  const rows = await hookTokens(reader(ctx), key).selectAll().orderBy("id").execute();
  const { secretBox, now } = ctx.services;
  return rows
    .filter(({ expires_at: ends }) => ends === null || ends > now())
    .map((row) => ({
      id: idOf(row.id),
      token: null,
      tokenEnd: secretBox.open(row.token_sealed, sealedIn("scoped_token.token_sealed", row.id)),
      createdAt: row.created_at,
      expiresAt: row.expires_at,
    }));
}

/** Revokes a token. REST hooks created with it are kept. */
export function revokeHookToken(call: Call<{ readonly app: string; readonly token: string }>): Promise<void> {
  return atomically(call, async ({ ctx, input }) => {
    const { key } = await getApplication(ofCustomers(ctx), input.app);
    const id = Number.parseInt(input.token.startsWith(ID_PREFIX) ? input.token.slice(ID_PREFIX.length) : "", 36);
    const { numDeletedRows } = await ctx.tx.db
      .deleteFrom("scoped_token")
      .where("app_id", "=", key)
      .where("endpoint_id", "is", null)
      .where("auto_config_id", "is", null)
      .where("id", "=", Number.isSafeInteger(id) ? id : -1)
      .executeTakeFirstOrThrow();
    if (numDeletedRows === 0n) throw notFound("token");
    ctx.tx.signal({ kind: "tokens" });
  });
}

function hookTokens(db: ReturnType<typeof reader>, appKey: number) {
  return db
    .selectFrom("scoped_token")
    .where("app_id", "=", appKey)
    .where("endpoint_id", "is", null)
    .where("auto_config_id", "is", null);
}
