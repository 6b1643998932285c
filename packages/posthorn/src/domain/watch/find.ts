import { type ExpressionBuilder, type ExpressionWrapper, sql, type SqlBool } from "kysely";
import type { Phase } from "../../conditions/types.ts";
import type { Application } from "../application/application.ts";
import { getApplication } from "../application/find.ts";
import { findResource } from "../application/resource.ts";
import { visibleApplications } from "../access.ts";
import { type Call, type Context, reader } from "../context.ts";
import { comparison, idIterator, type Page, type PageRequest, readPage } from "../paging.ts";
import { APPLICATION_KIND, type Database } from "../../store/schema.ts";
import { sourceIdOf } from "../source/source.ts";
import { PHASES, toWatch, type Watch } from "./watch.ts";

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
  const its = { app: ref.app, prefix: "watch_", ref: ref.watch, hasUid: true, name: "watch" } as const;
  const { application, row } = await findResource(ctx, its, (isIt) =>
    reader(ctx).selectFrom("watch").selectAll().where(isIt).executeTakeFirst(),
  );
  return { watch: toWatch(row), application };
}

export async function getWatch({ ctx, input }: Call<WatchRef>): Promise<Watch> {
  return (await findWatch(ctx, input)).watch;
}

/** State of a watch with all its keys. See {@link ListWatches}. */
export const WATCH_STATES = ["raised", "pending", "clear", "paused"] as const;
export type WatchState = (typeof WATCH_STATES)[number];

export interface ListWatches extends PageRequest {
  /** `null`: the watches of all applications and sources. */
  readonly app: string | null;
  /** `null`: any. */
  readonly state: WatchState | null;
  /** A part of the name, the uid or the event type; `null`: any. */
  readonly search: string | null;
  readonly order: "ascending" | "descending";
}

export async function listWatches({ ctx, input }: Call<ListWatches>): Promise<Page<Watch>> {
  const { state, search } = input;
  const app = input.app === null ? null : (await getApplication(ctx, input.app)).key;
  const order = input.order === "ascending" ? "asc" : "desc";
  const visible = visibleApplications(ctx.actor);
  const page = await readPage(input, { order, keyOf: idIterator("watch_") }, (slice) =>
    reader(ctx)
      .selectFrom("watch")
      .selectAll()
      .where("org_id", "=", ctx.actor.orgId)
      .$if(visible !== null, (query) => query.where("app_id", "in", visible!))
      .$if(app !== null, (query) => query.where("app_id", "=", app!))
      .$if(state !== null, (query) => query.where((eb) => isInState(eb, state!)))
      .$if(search !== null, (query) => query.where((eb) => contains(eb, search!)))
      .$if(slice.from !== null, (query) => query.where("id", comparison(slice.order), slice.from!))
      .orderBy("id", slice.order)
      .limit(slice.limit)
      .execute(),
  );
  return { ...page, rows: page.rows.map(toWatch) };
}

type Of = ExpressionBuilder<Database, "watch">;

function isInState(eb: Of, state: WatchState): ExpressionWrapper<Database, "watch", SqlBool> {
  if (state === "paused") return eb("paused", "=", 1);
  const has = (...phases: readonly Phase[]) =>
    eb.exists(
      eb
        .selectFrom("watch_key")
        .select("watch_key.name")
        .whereRef("watch_key.watch_id", "=", "watch.id")
        .where(
          "watch_key.phase",
          "in",
          phases.map((phase) => PHASES.indexOf(phase)),
        ),
    );
  const isActive = eb("paused", "=", 0);
  if (state === "raised") return eb.and([isActive, has("raised", "clearing")]);
  const noneRaised = eb.not(has("raised", "clearing"));
  if (state === "pending") return eb.and([isActive, has("pending"), noneRaised]);
  return eb.and([isActive, eb.not(has("pending", "raised", "clearing"))]);
}

function contains(eb: Of, search: string): ExpressionWrapper<Database, "watch", SqlBool> {
  const text = search.toLowerCase();
  return eb.or(
    (["name", "uid", "emit_type"] as const).map(
      (column) => sql<SqlBool>`instr(lower(${sql.ref(column)}), ${text}) > 0`,
    ),
  );
}

export interface WatchedApplication {
  readonly id: string;
  readonly name: string;
}

/** Applications and sources that the watches read or send to, by key. A source has the ID that starts with `src_`. */
export async function applicationsOf(
  ctx: Context,
  watches: readonly Watch[],
): Promise<ReadonlyMap<number, WatchedApplication>> {
  if (watches.length === 0) return new Map();
  const keys = [...new Set(watches.flatMap(({ appKey, targetKey }) => [appKey, targetKey]))];
  const rows = await reader(ctx)
    .selectFrom("application")
    .select(["id", "public_id", "kind", "name"])
    .where("id", "in", keys)
    .execute();
  return new Map(
    rows.map(({ id, public_id, kind, name }) => [
      id,
      { id: kind === APPLICATION_KIND.source ? sourceIdOf(public_id) : public_id, name },
    ]),
  );
}

/** Keys in each phase but `clear`. */
export type PhaseCounts = Partial<Record<Phase, number>>;

/** By key of the watch. */
export async function phaseCounts(ctx: Context, watches: readonly Watch[]): Promise<ReadonlyMap<number, PhaseCounts>> {
  if (watches.length === 0) return new Map();
  const rows = await reader(ctx)
    .selectFrom("watch_key")
    .select((eb) => ["watch_id", "phase", eb.fn.countAll<number>().as("keys")])
    .where(
      "watch_id",
      "in",
      watches.map(({ key }) => key),
    )
    .where("phase", ">", PHASES.indexOf("clear"))
    .groupBy(["watch_id", "phase"])
    .execute();
  const counts = new Map<number, Partial<Record<Phase, number>>>();
  for (const { watch_id, phase, keys } of rows) {
    counts.set(watch_id, { ...counts.get(watch_id), [PHASES[phase]!]: keys });
  }
  return counts;
}
