import { sql, type SqlBool } from "kysely";
import { APPLICATION_KIND } from "../../store/schema.ts";
import { visibleApplications } from "../access.ts";
import { type Call, reader } from "../context.ts";
import { comparison, idIterator, type Page, type PageRequest, readPage } from "../paging.ts";
import { type Application, toApplication } from "./application.ts";

export interface ListApplications extends PageRequest {
  readonly order: "ascending" | "descending";
  /** A part of the name, the uid or the ID, in any case; `null`: any. */
  readonly search: string | null;
  readonly excludeWithNoEndpoints: boolean;
  readonly excludeWithDisabledEndpoints: boolean;
}

export async function listApplications({ ctx, input }: Call<ListApplications>): Promise<Page<Application>> {
  const order = input.order === "descending" ? "desc" : "asc";
  const visible = visibleApplications(ctx.actor);
  const page = await readPage(input, { order, keyOf: idIterator("app_") }, (slice) => {
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
      .orderBy("id", slice.order)
      .limit(slice.limit);
    if (slice.from !== null) query = query.where("id", comparison(slice.order), slice.from);
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
