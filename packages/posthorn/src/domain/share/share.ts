/** Links that show a message or an attempt to people without an account. */
import { createHash, randomBytes } from "node:crypto";
import type { Selectable } from "kysely";
import { notFound, PosthornError } from "../../lib/errors.ts";
import { keyOfId } from "../../lib/id.ts";
import type { ShareLinkTable } from "../../store/share-schema.ts";
import { getAttempt } from "../attempt/list.ts";
import { type Actor, seesApplication, visibleApplications } from "../access.ts";
import { auditActorOf } from "../audit/actor.ts";
import { type Call, type Context, reader, type Services, write } from "../context.ts";
import { getMessage } from "../message/find.ts";
import { comparison, idIterator, type Page, type PageRequest, readPage } from "../paging.ts";
import { checkRedaction, type Redaction } from "./redact.ts";

/** Default and longest validity, in seconds. */
export const SHARE_SECONDS = { default: 7 * 86_400, max: 90 * 86_400 } as const;
/** Maximum number of active links of a message. */
const MAX_LINKS = 50;

export type ShareState = "active" | "expired" | "revoked";

export interface ShareLink {
  readonly key: number;
  readonly id: string;
  readonly appId: string;
  readonly messageId: string;
  readonly attemptId: string | null;
  readonly redaction: Redaction;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly state: ShareState;
  readonly views: number;
  readonly lastViewedAt: number | null;
}

export interface CreateShareLink {
  readonly app: string;
  readonly message: string;
  readonly attempt: string | null;
  readonly expirySeconds: number;
  readonly redaction: Redaction;
}

/** Creates a link. Only the hash of the token is stored, so the URL cannot be shown again. */
export async function createShareLink({
  ctx,
  input,
}: Call<CreateShareLink>): Promise<{ readonly link: ShareLink; readonly url: string }> {
  const redaction = checkRedaction(input.redaction);
  const { application, message } = await getMessage({
    ctx,
    input: { app: input.app, message: input.message, withContent: false },
  });
  const attempt =
    input.attempt === null
      ? null
      : await getAttempt({ ctx, input: { app: application.id, message: message.id, attempt: input.attempt } });
  const token = randomBytes(32).toString("base64url");
  const { key, id } = ctx.services.ids.next("share_");
  const at = ctx.services.now();
  const row = await write(ctx, async ({ db }) => {
    const { links } = await db
      .selectFrom("share_link")
      .select((eb) => eb.fn.countAll<number>().as("links"))
      .where("message_id", "=", message.key)
      .where("revoked_at", "is", null)
      .where("expires_at", ">", at)
      .executeTakeFirstOrThrow();
    if (links >= MAX_LINKS) {
      throw new PosthornError("limit_reached", `A message can have up to ${MAX_LINKS} active links. Revoke one first.`);
    }
    const values = {
      id: key,
      public_id: id,
      org_id: ctx.actor.orgId,
      app_id: application.key,
      message_id: message.key,
      attempt_id: attempt?.key ?? null,
      token_hash: hashOf(token),
      redaction_json: JSON.stringify(redaction),
      created_by: await nameOf(ctx, ctx.actor),
      created_at: at,
      expires_at: at + input.expirySeconds * 1000,
      revoked_at: null,
      views: 0,
      last_viewed_at: null,
    };
    await db.insertInto("share_link").values(values).execute();
    ctx.audit?.created("share", id);
    return values;
  });
  const names = { app: application.id, message: message.id, attempt: attempt?.id ?? null };
  return { link: toLink({ ...row, ...names }, at), url: `${ctx.services.rules.publicUrl()}/share/${token}` };
}

async function nameOf(ctx: Context, actor: Actor): Promise<string> {
  const { kind, id, name } = await auditActorOf(reader(ctx), actor);
  return name ?? id ?? kind;
}

function hashOf(token: string): Uint8Array {
  return createHash("sha256").update(token).digest();
}

type LinkRow = Selectable<ShareLinkTable> & {
  readonly app: string;
  readonly message: string;
  readonly attempt: string | null;
};

function toLink(row: LinkRow, now: number): ShareLink {
  const state = row.revoked_at !== null ? "revoked" : row.expires_at <= now ? "expired" : "active";
  return {
    key: row.id,
    id: row.public_id,
    appId: row.app,
    messageId: row.message,
    attemptId: row.attempt,
    redaction: JSON.parse(row.redaction_json) as Redaction,
    createdBy: row.created_by,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    state,
    views: row.views,
    lastViewedAt: row.last_viewed_at,
  };
}

function selectLinks({ db }: Pick<Services["store"], "db">) {
  return db
    .selectFrom("share_link as s")
    .innerJoin("application as a", "a.id", "s.app_id")
    .innerJoin("message as m", "m.id", "s.message_id")
    .leftJoin("attempt as t", "t.id", "s.attempt_id")
    .selectAll("s")
    .select(["a.public_id as app", "m.public_id as message", "t.public_id as attempt"]);
}

export interface ListShareLinks extends PageRequest {
  /** `null`: of all messages. */
  readonly message: { readonly app: string; readonly message: string } | null;
}

/** Links of a message or of all messages, newest first, without their tokens. */
export async function listShareLinks({ ctx, input }: Call<ListShareLinks>): Promise<Page<ShareLink>> {
  const found =
    input.message === null ? null : await getMessage({ ctx, input: { ...input.message, withContent: false } });
  const limit = visibleApplications(ctx.actor);
  return readPage(input, { order: "desc", keyOf: idIterator("share_") }, async (slice) => {
    let query = selectLinks({ db: reader(ctx) })
      .where("s.org_id", "=", ctx.actor.orgId)
      .orderBy("s.id", slice.order)
      .limit(slice.limit);
    if (found !== null) query = query.where("s.message_id", "=", found.message.key);
    if (limit !== null) query = query.where("s.app_id", "in", limit);
    if (slice.from !== null) query = query.where("s.id", comparison(slice.order), slice.from);
    return (await query.execute()).map((row) => toLink(row, ctx.services.now()));
  });
}

/** Revokes a link. The next view gets the same response as for an unknown one. Revoking it again changes nothing. */
export async function revokeShareLink({ ctx, input }: Call<{ readonly link: string }>): Promise<void> {
  const key = keyOfId("share_", input.link) ?? -1;
  await write(ctx, async ({ db }) => {
    const row = await db
      .selectFrom("share_link as s")
      .innerJoin("application as a", "a.id", "s.app_id")
      .select(["s.app_id", "s.revoked_at", "a.public_id as app"])
      .where("s.id", "=", key)
      .where("s.public_id", "=", input.link)
      .where("s.org_id", "=", ctx.actor.orgId)
      .executeTakeFirst();
    if (row === undefined || !seesApplication(ctx.actor, row.app_id)) throw notFound("share");
    ctx.audit?.in({ key: row.app_id, id: row.app });
    if (row.revoked_at !== null) {
      ctx.audit?.unchanged();
      return;
    }
    await db.updateTable("share_link").set({ revoked_at: ctx.services.now() }).where("id", "=", key).execute();
  });
}

export interface OpenLink {
  readonly link: ShareLink;
  readonly orgId: number;
  readonly orgPublicId: string;
  readonly appKey: number;
}

/** Looks up an active link. `null` for one that is unknown, expired or revoked, or whose message or application was deleted. */
export async function openShareLink(services: Services, token: string): Promise<OpenLink | null> {
  if (!/^[\w-]{43}$/.test(token)) return null;
  const now = services.now();
  const row = await selectLinks(services.store)
    .innerJoin("organisation as o", "o.id", "s.org_id")
    .select("o.public_id as org")
    .where("s.token_hash", "=", hashOf(token))
    .where("s.revoked_at", "is", null)
    .where("s.expires_at", ">", now)
    .where("a.deleted_at", "is", null)
    .executeTakeFirst();
  if (row === undefined) return null;
  return { link: toLink(row, now), orgId: row.org_id, orgPublicId: row.org, appKey: row.app_id };
}

/** Days for which links that have ended are listed. */
const KEPT_MS = 30 * 86_400_000;

/** Deletes links that ended a while ago, and those of messages that no longer exist. */
export async function expireShareLinks({ store, now }: Services): Promise<void> {
  const end = now() - KEPT_MS;
  const row = await store.db
    .selectFrom("share_link")
    .select("id")
    .where("expires_at", "<", end)
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return;
  await store.transaction(async ({ db }) => {
    await db.deleteFrom("share_link").where("expires_at", "<", end).execute();
  }, "share.expire");
}
