import { notFound } from "../../lib/errors.ts";
import { keyOfId } from "../../lib/id.ts";
import type { Application } from "../application/application.ts";
import { getApplication } from "../application/find.ts";
import { type Call, type Context, reader } from "../context.ts";
import { comparison, idIterator, type Page, type PageRequest, readPage } from "../paging.ts";
import { toWatch, type Watch } from "./watch.ts";

export interface WatchRef {
  /** ID or uid of the application, or ID of the source. */
  readonly app: string;
  /** ID or uid. */
  readonly watch: string;
}

export interface FoundWatch {
  readonly watch: Watch;
  readonly application: Application;
}

/** Throws `not_found`. */
export async function findWatch(ctx: Context, ref: WatchRef): Promise<FoundWatch> {
  const application = await getApplication(ctx, ref.app);
  const query = reader(ctx).selectFrom("watch").selectAll().where("app_id", "=", application.key);
  const key = keyOfId("watch_", ref.watch);
  const row = await (
    key === null ? query.where("uid", "=", ref.watch) : query.where("id", "=", key).where("public_id", "=", ref.watch)
  ).executeTakeFirst();
  if (row === undefined) throw notFound("watch");
  return { watch: toWatch(row), application };
}

export async function getWatch({ ctx, input }: Call<WatchRef>): Promise<Watch> {
  return (await findWatch(ctx, input)).watch;
}

export interface ListWatches extends PageRequest {
  readonly app: string;
  readonly order: "ascending" | "descending";
}

export async function listWatches({ ctx, input }: Call<ListWatches>): Promise<Page<Watch>> {
  const { key } = await getApplication(ctx, input.app);
  const order = input.order === "ascending" ? "asc" : "desc";
  const page = await readPage(input, { order, keyOf: idIterator("watch_") }, (slice) => {
    const query = reader(ctx).selectFrom("watch").selectAll().where("app_id", "=", key);
    const ordered = query.orderBy("id", slice.order).limit(slice.limit);
    return (slice.from === null ? ordered : ordered.where("id", comparison(slice.order), slice.from)).execute();
  });
  return { ...page, rows: page.rows.map(toWatch) };
}

/** Public IDs of applications and sources, by key. */
export async function targetIds(ctx: Context, watches: readonly Watch[]): Promise<ReadonlyMap<number, string>> {
  if (watches.length === 0) return new Map();
  const keys = [...new Set(watches.map(({ targetKey }) => targetKey))];
  const rows = await reader(ctx)
    .selectFrom("application")
    .select(["id", "public_id"])
    .where("id", "in", keys)
    .execute();
  return new Map(rows.map(({ id, public_id }) => [id, public_id]));
}
