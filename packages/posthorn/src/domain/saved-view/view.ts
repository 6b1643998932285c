/** Views of lists: filters, order and time range under a name, of one caller or shared with the organisation. See decision 163. */
import { type Expression, expressionBuilder, type Selectable, sql, type SqlBool } from "kysely";
import { notFound, PosthornError } from "../../lib/errors.ts";
import { keyOfId } from "../../lib/id.ts";
import type { SavedViewTable } from "../../store/saved-view-schema.ts";
import type { Database } from "../../store/schema.ts";
import { type Actor, payloadView, visibleApplications } from "../access.ts";
import { type Call, type Context, reader } from "../context.ts";
import { comparison, idIterator, type Page, type PageRequest, readPage } from "../paging.ts";

/** Lists of the dashboard that have views. */
export const VIEW_LISTS = [
  "applications",
  "attempts",
  "audit",
  "captures",
  "endpoints",
  "endpoints-attention",
  "event-types",
  "incidents",
  "issues",
  "keys",
  "listeners",
  "live",
  "messages",
  "quarantine",
  "replays",
  "requests",
  "sources",
  "users",
  "watches",
] as const;
export type ViewList = (typeof VIEW_LISTS)[number];

/** Views that one caller can have. */
export const MAX_VIEWS = 200;
export const MAX_VIEW_NAME = 80;
/** Maximum length of the search parameters of a view, in characters. */
export const MAX_VIEW_QUERY = 2000;
export const VIEW_PREFIX = "view_";

/** Whose view it is. Holders of the token of the organisation are one owner. */
export interface ViewOwner {
  readonly kind: "user" | "key" | "token";
  /** Empty for `token`. */
  readonly id: string;
}

export interface SavedView {
  readonly key: number;
  readonly id: string;
  readonly list: ViewList;
  readonly name: string;
  readonly query: string;
  readonly isShared: boolean;
  readonly owner: {
    readonly kind: ViewOwner["kind"];
    /** `null`: the token of the organisation. */
    readonly id: string | null;
    /** Name that the owner has now; `null`: it has none, or no longer exists. */
    readonly name: string | null;
  };
  /** Whether the caller owns it. */
  readonly isOwn: boolean;
  readonly mayChange: boolean;
  /** Whether it is the default view of its list for the caller. */
  readonly isDefault: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export function viewOwner(actor: Actor): ViewOwner {
  // Routes of views are closed to tokens of applications.
  if (actor.kind === "application") throw notFound("view");
  const { caller } = actor;
  return caller.kind === "user" || caller.kind === "key"
    ? { kind: caller.kind, id: caller.id }
    : { kind: "token", id: "" };
}

/**
 * Whether the caller sees the views that others share. Their names and filters can name any application, so callers that are limited to
 * some applications see only their own.
 */
function seesShared(actor: Actor): boolean {
  return visibleApplications(actor) === null;
}

/**
 * Condition on `saved_view`: the caller's own views, and shared ones. Views that search for text in payloads are for callers who may do
 * the same, because the text can be from a payload.
 */
export function isVisibleView(actor: Actor): Expression<SqlBool> {
  const { kind, id } = viewOwner(actor);
  const eb = expressionBuilder<Database, "saved_view">();
  const own = eb.and([eb("saved_view.owner_kind", "=", kind), eb("saved_view.owner_id", "=", id)]);
  if (!seesShared(actor)) return own;
  const shared = eb("saved_view.shared", "=", sql.lit(1));
  if (payloadView(actor) === "full") return eb.or([own, shared]);
  // In the stored form, `&` and `=` within names and values are encoded.
  const searchesPayloads = eb.or([eb("saved_view.query", "like", "q=%"), eb("saved_view.query", "like", "%&q=%")]);
  const isAllowed = eb.or([eb("saved_view.list", "<>", "messages"), eb.not(searchesPayloads)]);
  return eb.or([own, eb.and([shared, isAllowed])]);
}

/**
 * A shared view can be changed by its owner, who may share views, and by those who may change settings: its owner may be gone. Owners can
 * delete their views and make them private without any permission.
 */
function mayChange(actor: Actor, row: Pick<SavedViewTable, "owner_kind" | "owner_id" | "shared">): boolean {
  if (actor.kind === "application") return false;
  const { permissions } = actor.grant;
  const isOwn = isOwnedBy(row, viewOwner(actor));
  if (row.shared === 0) return isOwn;
  return permissions.has("settings:write") || (isOwn && permissions.has("views:share"));
}

function isOwnedBy(row: Pick<SavedViewTable, "owner_kind" | "owner_id">, { kind, id }: ViewOwner): boolean {
  return row.owner_kind === kind && row.owner_id === id;
}

type ViewRow = Selectable<SavedViewTable> & { readonly default_key: number | null };

/** @param names Names of owners by their ID. */
function toSavedView(actor: Actor, row: ViewRow, names: ReadonlyMap<string, string>): SavedView {
  const kind = row.owner_kind as ViewOwner["kind"];
  return {
    key: row.id,
    id: row.public_id,
    list: row.list as ViewList,
    name: row.name,
    query: row.query,
    isShared: row.shared === 1,
    owner: { kind, id: row.owner_id === "" ? null : row.owner_id, name: names.get(row.owner_id) ?? null },
    isOwn: isOwnedBy(row, viewOwner(actor)),
    mayChange: mayChange(actor, row),
    isDefault: row.default_key !== null,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** The views that the caller sees: its own, and those that are shared. */
function selectViews(ctx: Context) {
  const owner = viewOwner(ctx.actor);
  return reader(ctx)
    .selectFrom("saved_view")
    .leftJoin("saved_view_default as d", (join) =>
      join.onRef("d.view_id", "=", "saved_view.id").on("d.owner_kind", "=", owner.kind).on("d.owner_id", "=", owner.id),
    )
    .selectAll("saved_view")
    .select("d.view_id as default_key")
    .where("saved_view.org_id", "=", ctx.actor.orgId)
    .where(isVisibleView(ctx.actor));
}

async function withNames(ctx: Context, rows: readonly ViewRow[]): Promise<readonly SavedView[]> {
  const names = await namesOfOwners(ctx, rows);
  return rows.map((row) => toSavedView(ctx.actor, row, names));
}

/** Names of the owners that belong to the organisation now, by their ID. */
async function namesOfOwners(ctx: Context, rows: readonly ViewRow[]): Promise<ReadonlyMap<string, string>> {
  const db = reader(ctx);
  const { orgId } = ctx.actor;
  const keysOf = (prefix: "usr_" | "key_"): number[] => [
    ...new Set(rows.flatMap(({ owner_id }) => keyOfId(prefix, owner_id) ?? [])),
  ];
  const [users, keys] = [keysOf("usr_"), keysOf("key_")];
  const found: { readonly public_id: string; readonly name: string }[] = [];
  if (users.length > 0) {
    found.push(
      ...(await db
        .selectFrom("person as p")
        .select(["p.public_id", "p.name"])
        .where("p.id", "in", users)
        .where((eb) => {
          const memberships = eb.selectFrom("membership as m").select("m.id").where("m.org_id", "=", orgId);
          return eb.exists(memberships.whereRef("m.person_id", "=", "p.id"));
        })
        .execute()),
    );
  }
  if (keys.length > 0) {
    const ofKeys = db.selectFrom("api_key").select(["public_id", "name"]).where("org_id", "=", orgId);
    found.push(...(await ofKeys.where("id", "in", keys).execute()));
  }
  return new Map(found.map(({ public_id, name }) => [public_id, name]));
}

export interface ListSavedViews extends PageRequest {
  /** `null`: of all lists. */
  readonly list: ViewList | null;
}

/** The views that the caller sees, oldest first. */
export function listSavedViews({ ctx, input }: Call<ListSavedViews>): Promise<Page<SavedView>> {
  return readPage(input, { order: "asc", keyOf: idIterator(VIEW_PREFIX) }, async (slice) => {
    let query = selectViews(ctx).orderBy("saved_view.id", slice.order).limit(slice.limit);
    if (input.list !== null) query = query.where("saved_view.list", "=", input.list);
    if (slice.from !== null) query = query.where("saved_view.id", comparison(slice.order), slice.from);
    return withNames(ctx, await query.execute());
  });
}

/** A view that the caller sees. That of another caller is reported like one that does not exist. */
export async function getSavedView({ ctx, input }: Call<{ readonly view: string }>): Promise<SavedView> {
  const row = await selectViews(ctx)
    .where("saved_view.id", "=", keyOfId(VIEW_PREFIX, input.view) ?? -1)
    .where("saved_view.public_id", "=", input.view)
    .executeTakeFirst();
  if (row === undefined) throw notFound("view");
  ctx.audit?.found(input.view, row.public_id, row.name);
  const [view] = await withNames(ctx, [row]);
  return view!;
}

export function requireChangeable({ mayChange: isAllowed, isOwn }: SavedView): void {
  if (isAllowed) return;
  throw new PosthornError(
    "insufficient access",
    isOwn
      ? "You cannot edit your view while it is shared, because you may no longer share views. Make it private first, or delete it."
      : "You cannot change this shared view: its owner can, and everyone who may change settings. Save a copy under your own name instead.",
  );
}
