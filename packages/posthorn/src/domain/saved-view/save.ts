/** Creates, changes and deletes views of lists, and sets default views. */
import { invalid, notFound, PosthornError } from "../../lib/errors.ts";
import type { Tx } from "../../store/tx.ts";
import { type Actor, requirePermission, requireWholeOrganisation } from "../access.ts";
import { atomically, type Call, type TransactionContext, write } from "../context.ts";
import {
  getSavedView,
  MAX_VIEW_QUERY,
  MAX_VIEWS,
  requireChangeable,
  type SavedView,
  VIEW_PREFIX,
  type ViewList,
  type ViewOwner,
  viewOwner,
} from "./view.ts";

export interface NewSavedView {
  readonly list: ViewList;
  readonly name: string;
  readonly query: string;
  readonly isShared: boolean;
}

export function createSavedView(call: Call<NewSavedView>): Promise<SavedView> {
  return atomically(call, async ({ ctx, input }) => {
    if (input.isShared) requireSharing(ctx.actor);
    const owner = viewOwner(ctx.actor);
    await requireRoom(ctx, owner);
    const { key, id } = ctx.services.ids.next(VIEW_PREFIX);
    const at = ctx.services.now();
    const name = nameOf(input.name);
    const row = {
      id: key,
      public_id: id,
      org_id: ctx.actor.orgId,
      owner_kind: owner.kind,
      owner_id: owner.id,
      list: input.list,
      name,
      query: queryOf(input.query),
      shared: input.isShared ? 1 : 0,
      created_at: at,
      updated_at: at,
    };
    await ctx.tx.db.insertInto("saved_view").values(row).execute();
    ctx.audit?.created("saved-view", id, name);
    return getSavedView({ ctx, input: { view: id } });
  });
}

export interface SavedViewChange {
  readonly view: string;
  readonly name?: string | undefined;
  readonly query?: string | undefined;
  readonly isShared?: boolean | undefined;
}

export function changeSavedView(call: Call<SavedViewChange>): Promise<SavedView> {
  return atomically(call, async ({ ctx, input }) => {
    const before = await getSavedView({ ctx, input });
    // The owner can always make it private, even without the permission to share.
    if (!(before.isOwn && input.isShared === false)) requireChangeable(before);
    const next = {
      name: input.name === undefined ? before.name : nameOf(input.name),
      query: input.query === undefined ? before.query : queryOf(input.query),
      isShared: input.isShared ?? before.isShared,
    };
    if (next.isShared && !before.isShared) requireSharing(ctx.actor);
    if (!next.isShared && !before.isOwn) {
      throw new PosthornError("conflict", "Only the owner of a shared view can make it private. Delete it instead.");
    }
    const { name, query, isShared } = before;
    // Only the change is recorded: the query can contain text that a person searched for in payloads.
    ctx.audit?.changed(
      { name, query, shared: isShared },
      { name: next.name, query: next.query, shared: next.isShared },
    );
    await ctx.tx.db
      .updateTable("saved_view")
      .set({ name: next.name, query: next.query, shared: next.isShared ? 1 : 0, updated_at: ctx.services.now() })
      .where("id", "=", before.key)
      .execute();
    if (before.isShared && !next.isShared) await dropDefaultsOfOthers(ctx, before);
    return getSavedView({ ctx, input: { view: input.view } });
  });
}

export function deleteSavedView(call: Call<{ readonly view: string }>): Promise<void> {
  return atomically(call, async ({ ctx, input }) => {
    const view = await getSavedView({ ctx, input });
    if (!view.isOwn) requireChangeable(view);
    await ctx.tx.db.deleteFrom("saved_view_default").where("view_id", "=", view.key).execute();
    await ctx.tx.db.deleteFrom("saved_view").where("id", "=", view.key).execute();
  });
}

/** Makes a view the default view of its list for the caller. */
export function setDefaultView(call: Call<{ readonly view: string }>): Promise<void> {
  return atomically(call, async ({ ctx, input }) => {
    const { key, list } = await getSavedView({ ctx, input });
    const { kind, id } = viewOwner(ctx.actor);
    await ctx.tx.db
      .insertInto("saved_view_default")
      .values({ org_id: ctx.actor.orgId, owner_kind: kind, owner_id: id, list, view_id: key })
      .onConflict((conflict) =>
        conflict.columns(["org_id", "owner_kind", "owner_id", "list"]).doUpdateSet({ view_id: key }),
      )
      .execute();
  });
}

/** Removes the caller's default view of the list. */
export async function unsetDefaultView({ ctx, input }: Call<{ readonly view: string }>): Promise<void> {
  const { key } = await getSavedView({ ctx, input });
  const { kind, id } = viewOwner(ctx.actor);
  await write(ctx, async ({ db }) => {
    const { numDeletedRows } = await db
      .deleteFrom("saved_view_default")
      .where("view_id", "=", key)
      .where("owner_kind", "=", kind)
      .where("owner_id", "=", id)
      .executeTakeFirst();
    if (numDeletedRows === 0n) throw notFound("default view");
  });
}

/** Deletes the private views of an owner that no longer exists in the organisation. Those that it shared remain. */
export async function forgetViewOwner({ db }: Tx, orgId: number, { kind, id }: ViewOwner): Promise<void> {
  for (const table of ["saved_view_default", "saved_view"] as const) {
    await db
      .deleteFrom(table)
      .where("org_id", "=", orgId)
      .where("owner_kind", "=", kind)
      .where("owner_id", "=", id)
      .$if(table === "saved_view", (query) => query.where("shared", "=", 0))
      .execute();
  }
}

function requireSharing(actor: Actor): void {
  requirePermission(actor, "views:share");
  requireWholeOrganisation(actor);
}

async function requireRoom({ tx, actor }: TransactionContext, { kind, id }: ViewOwner): Promise<void> {
  const { views } = await tx.db
    .selectFrom("saved_view")
    .select((eb) => eb.fn.countAll<number>().as("views"))
    .where("org_id", "=", actor.orgId)
    .where("owner_kind", "=", kind)
    .where("owner_id", "=", id)
    .executeTakeFirstOrThrow();
  if (views < MAX_VIEWS) return;
  throw new PosthornError(
    "limit_reached",
    `You can save up to ${MAX_VIEWS} views. Delete one that you no longer need.`,
  );
}

async function dropDefaultsOfOthers({ tx }: TransactionContext, { key, owner }: SavedView): Promise<void> {
  await tx.db
    .deleteFrom("saved_view_default")
    .where("view_id", "=", key)
    .where((eb) => eb.not(eb.and([eb("owner_kind", "=", owner.kind), eb("owner_id", "=", owner.id ?? "")])))
    .execute();
}

function nameOf(name: string): string {
  const trimmed = name.trim();
  if (trimmed === "") throw invalid(["body", "name"], "Enter a name.");
  return trimmed;
}

/** Search parameters in the form in which they are compared, without a leading question mark. */
function queryOf(query: string): string {
  const encoded = new URLSearchParams(query).toString();
  if (encoded.length <= MAX_VIEW_QUERY) return encoded;
  const text = `The search parameters have ${encoded.length} characters when they are encoded. At most ${MAX_VIEW_QUERY} are allowed.`;
  throw invalid(["body", "query"], text);
}
