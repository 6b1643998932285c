import { sql, type SqlBool } from "kysely";
import { APPLICATION_KIND } from "../../store/schema.ts";
import { visibleApplications } from "../access.ts";
import { type Call, type Context, reader } from "../context.ts";
import { comparison, idIterator, type Page, type PageRequest, readPage } from "../paging.ts";
import type { HealthFilter } from "../endpoint/list-all.ts";
import { type Application, toApplication } from "./application.ts";

/** `name`: by the first 256 characters, without regard to case. */
export const APPLICATION_SORTS = ["created", "name"] as const;
export type ApplicationSort = (typeof APPLICATION_SORTS)[number];

/** Indexed by `application_by_name`. */
const NAME_START = sql<string>`substr(lower(name), 1, 256)`;

export interface ListApplications extends PageRequest {
  readonly sort: ApplicationSort;
  readonly order: "ascending" | "descending";
  /** A part of the name, the uid or the ID, in any case; `null`: any. */
  readonly search: string | null;
  /** `failing`: with an endpoint without a success since its last failure. `healthy`: all others. `null`: any. */
  readonly health: HealthFilter | null;
  readonly excludeWithNoEndpoints: boolean;
  readonly excludeWithDisabledEndpoints: boolean;
}

export async function listApplications({ ctx, input }: Call<ListApplications>): Promise<Page<Application>> {
  const order = input.order === "descending" ? "desc" : "asc";
  const visible = visibleApplications(ctx.actor);
  const isByName = input.sort === "name";
  const page = await readPage(input, { order, keyOf: idIterator("app_") }, async (slice) => {
    let query = reader(ctx)
      .selectFrom("application")
      .selectAll()
      .where("org_id", "=", ctx.actor.orgId)
      .where("deleted_at", "is", null)
      // A literal, so that the database can use the partial index of customer applications.
      .where("kind", "=", sql.lit(APPLICATION_KIND.customer))
      .$if(visible !== null, (own) => own.where("id", "in", visible!))
      .$if(input.search !== null, (filtered) =>
        filtered.where(
          sql<SqlBool>`instr(lower(name || ' ' || coalesce(uid, '') || ' ' || public_id), lower(cast(${input.search} as text))) > 0`,
        ),
      )
      .$if(input.health !== null, (filtered) =>
        filtered.where("id", input.health === "failing" ? "in" : "not in", (eb) =>
          eb
            .selectFrom("endpoint")
            .select("endpoint.app_id")
            // SQLite would read all endpoints for a join.
            .where("endpoint.id", "in", (failures) =>
              failures.selectFrom("endpoint_failure").select("endpoint_failure.endpoint_id"),
            )
            .where("endpoint.deleted_at", "is", null)
            .where("endpoint.replay_task_id", "is", null),
        ),
      )
      .$if(isByName, (sorted) => sorted.orderBy(NAME_START, slice.order))
      .orderBy("id", slice.order)
      .limit(slice.limit);
    if (slice.from !== null) {
      const then = sql.raw(comparison(slice.order));
      query = isByName
        ? query.where(sql<SqlBool>`(${NAME_START}, id) ${then} (${await nameOf(ctx, slice.from)}, ${slice.from})`)
        : query.where("id", comparison(slice.order), slice.from);
    }
    if (input.excludeWithNoEndpoints) {
      query = query.where(({ exists, selectFrom }) =>
        exists(
          selectFrom("endpoint")
            .select("endpoint.id")
            .whereRef("app_id", "=", "application.id")
            .where("endpoint.deleted_at", "is", null)
            .where("endpoint.replay_task_id", "is", null),
        ),
      );
    }
    if (input.excludeWithDisabledEndpoints) {
      query = query.where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom("endpoint")
              .select("endpoint.id")
              .whereRef("app_id", "=", "application.id")
              .where("endpoint.deleted_at", "is", null)
              .where("endpoint.replay_task_id", "is", null)
              .where("disabled", "=", 1),
          ),
        ),
      );
    }
    return query.execute();
  });
  return { ...page, rows: page.rows.map(toApplication) };
}

/**
 * Position of an application in the order of names. It may have been deleted since. One that the caller may not see comes before all others.
 */
async function nameOf(ctx: Context, key: number): Promise<string> {
  const visible = visibleApplications(ctx.actor);
  const row = await reader(ctx)
    .selectFrom("application")
    .select(NAME_START.as("start"))
    .where("id", "=", key)
    .where("org_id", "=", ctx.actor.orgId)
    .$if(visible !== null, (own) => own.where("id", "in", visible!))
    .executeTakeFirst();
  return row?.start ?? "";
}
