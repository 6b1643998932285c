/** API keys of an organisation: opaque, shown once, and revocable at any time. */
import { randomBytes } from "node:crypto";
import type { Selectable } from "kysely";
import { notFound } from "../../lib/errors.ts";
import { containsText } from "../../store/portable-sql.ts";
import { APPLICATION_KIND, type ApiKeyTable } from "../../store/schema.ts";
import { atomically, type Call, type Context, reader, write } from "../context.ts";
import type { Permission } from "../grant.ts";
import { comparison, idIterator, type Page, type PageRequest, readPage } from "../paging.ts";
import { sourceIdOf } from "../source/source.ts";
import { KEY_PREFIX } from "./token-lookup.ts";
import { hashToken } from "./hash-token.ts";
import { jsonOrNull, networksOf, scopesOf } from "./key-columns.ts";
import { checkNetworks, limitsOfCaller, readScopes, requireCovered } from "./key-limits.ts";
import { forgetViewOwner } from "../saved-view/save.ts";

export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  /** `null`: all. */
  readonly permissions: readonly Permission[] | null;
  /** `null`: all of the organisation. */
  readonly applications: readonly KeyApplication[] | null;
  /** Networks from which it may be used; `null`: any. */
  readonly networks: readonly string[] | null;
  /** User or key that created it; `null`: a token of the organisation did. */
  readonly ownerId: string | null;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  /** To the minute; `null`: never. */
  readonly lastUsedAt: number | null;
}

/** An application or source that a key is limited to. */
export interface KeyApplication {
  readonly id: string;
  readonly name: string;
}

export interface ApiKeyInput {
  readonly name: string;
  readonly description: string;
  /** Names of permissions, and `app:` with an ID or uid; `null`: everything. */
  readonly scopes: readonly string[] | null;
  readonly networks: readonly string[] | null;
  readonly expiresAt: number | null;
}

/** Creates a key that can do no more than the caller. Only the hash of `token` is stored, so it cannot be shown again. */
export function createApiKey(call: Call<ApiKeyInput>): Promise<ApiKey & { readonly token: string }> {
  return atomically(call, async ({ ctx, input }) => {
    const { actor, services } = ctx;
    const own = limitsOfCaller(ctx);
    checkNetworks(input.networks);
    const { permissions, applications } = await readScopes(ctx, input.scopes);
    const limits = { expiresAt: input.expiresAt ?? own.expiresAt, networks: input.networks ?? own.networks };
    requireCovered(ctx, { permissions, applications }, limits);
    const token = KEY_PREFIX + randomBytes(32).toString("base64url");
    const { key, id } = services.ids.next("key_");
    const row = {
      id: key,
      public_id: id,
      org_id: actor.orgId,
      name: input.name,
      description: input.description,
      hash: hashToken(token),
      created_at: services.now(),
      expires_at: limits.expiresAt,
      scopes_json: jsonOrNull(permissions),
      applications_json: jsonOrNull(applications),
      networks_json: jsonOrNull(limits.networks),
      owner_id: actor.kind === "organisation" && "id" in actor.caller ? actor.caller.id : null,
      last_used_at: null,
    };
    await write(ctx, ({ db }) => db.insertInto("api_key").values(row).execute());
    ctx.audit?.created("api-key", id, input.name);
    return { ...(await described(ctx, [row]))[0]!, token };
  });
}

/** Changes the given fields. Afterwards, the key must not be able to do more than the caller. */
export function updateApiKey(
  call: Call<{ readonly key: string; readonly changes: Partial<ApiKeyInput> }>,
): Promise<ApiKey> {
  return atomically(call, async ({ ctx, input: { key, changes } }) => {
    const row = await findRow(ctx, key);
    checkNetworks(changes.networks ?? null);
    const scopes = changes.scopes === undefined ? scopesOf(row) : await readScopes(ctx, changes.scopes);
    const next = {
      ...row,
      name: changes.name ?? row.name,
      description: changes.description ?? row.description,
      expires_at: changes.expiresAt === undefined ? row.expires_at : changes.expiresAt,
      scopes_json: jsonOrNull(scopes.permissions),
      applications_json: jsonOrNull(scopes.applications),
      networks_json: changes.networks === undefined ? row.networks_json : jsonOrNull(changes.networks),
    };
    requireCovered(ctx, scopes, { expiresAt: next.expires_at, networks: networksOf(next) });
    ctx.audit?.changed(audited(row), audited(next));
    await write(ctx, async ({ db, signal }) => {
      await db.updateTable("api_key").set(next).where("id", "=", row.id).execute();
      signal({ kind: "tokens" });
    });
    return (await described(ctx, [next]))[0]!;
  });
}

/** Fields of a key that the audit log compares. */
function audited(row: Row) {
  const { name, description, expires_at: expiresAt, applications_json: applications } = row;
  const { permissions } = scopesOf(row);
  return { name, description, expiresAt, applications, permissions, networks: networksOf(row) };
}

export async function getApiKey({ ctx, input }: Call<{ readonly key: string }>): Promise<ApiKey> {
  return (await described(ctx, [await findRow(ctx, input.key)]))[0]!;
}

export interface ListApiKeys extends PageRequest {
  /** A part of the name, the description or the ID, in any case; `null`: any. */
  readonly search: string | null;
  /** By time of creation. */
  readonly order: "ascending" | "descending";
}

export async function listApiKeys({ ctx, input }: Call<ListApiKeys>): Promise<Page<ApiKey>> {
  const order = input.order === "ascending" ? "asc" : "desc";
  const page = await readPage(input, { order, keyOf: idIterator("key_") }, (slice) => {
    const { search } = input;
    const query = keysOf(ctx)
      .$if(search !== null, (keys) => keys.where(containsText(["name", "description", "public_id"], search!)))
      .orderBy("id", slice.order)
      .limit(slice.limit);
    return (slice.from === null ? query : query.where("id", comparison(slice.order), slice.from)).execute();
  });
  return { ...page, rows: await described(ctx, page.rows) };
}

/** Revokes a key. The next request with it is rejected. */
export async function revokeApiKey({ ctx, input }: Call<{ readonly key: string }>): Promise<void> {
  const key = idIterator("key_")(input.key);
  await write(ctx, async (tx) => {
    const { numDeletedRows } = await tx.db
      .deleteFrom("api_key")
      .where("id", "=", key ?? -1)
      .where("public_id", "=", input.key)
      .where("org_id", "=", ctx.actor.orgId)
      .executeTakeFirst();
    if (numDeletedRows === 0n) throw notFound("key");
    await forgetViewOwner(tx, ctx.actor.orgId, { kind: "key", id: input.key });
    tx.signal({ kind: "tokens" });
  });
}

type Row = Selectable<ApiKeyTable>;

function keysOf(ctx: Context) {
  return reader(ctx).selectFrom("api_key").selectAll().where("org_id", "=", ctx.actor.orgId);
}

async function findRow(ctx: Context, id: string): Promise<Row> {
  const key = idIterator("key_")(id) ?? -1;
  const row = await keysOf(ctx).where("id", "=", key).where("public_id", "=", id).executeTakeFirst();
  if (row === undefined) throw notFound("key");
  return row;
}

/** The keys with the names of their applications. A deleted application keeps its name. */
async function described(ctx: Context, rows: readonly Row[]): Promise<ApiKey[]> {
  const named = rows.flatMap((row) => scopesOf(row).applications ?? []);
  const found =
    named.length === 0
      ? []
      : await reader(ctx)
          .selectFrom("application")
          .select(["id", "public_id", "kind", "name"])
          .where("id", "in", [...new Set(named)])
          .execute();
  const applications = new Map(
    found.map(({ id, public_id, kind, name }) => [
      id,
      { id: kind === APPLICATION_KIND.source ? sourceIdOf(public_id) : public_id, name },
    ]),
  );
  return rows.map((row) => {
    const scopes = scopesOf(row);
    return {
      id: row.public_id,
      name: row.name,
      description: row.description,
      permissions: scopes.permissions,
      applications: scopes.applications?.flatMap((key) => applications.get(key) ?? []) ?? null,
      networks: networksOf(row),
      ownerId: row.owner_id,
      createdAt: row.created_at,
      expiresAt: row.expires_at,
      lastUsedAt: row.last_used_at,
    };
  });
}
