import { sql, type SqlBool } from "kysely";
import { visibleApplications } from "../access.ts";
import { type Call, reader } from "../context.ts";
import { comparison, idIterator, type Page, type PageRequest, readPage } from "../paging.ts";
import type { RunState } from "./run.ts";
import { type Source, toSource } from "./source.ts";

export interface ListSources extends PageRequest {
  readonly order: "ascending" | "descending";
  /** `null`: any. */
  readonly kind: string | null;
  /** State of reading; `null`: any, and webhooks. */
  readonly state: RunState | null;
  /** A part of the name, the uid or the type; `null`: any. */
  readonly search: string | null;
}

/** A source with the state of reading it; `null`: it is a webhook. */
export type ListedSource = Source & { readonly state: RunState | null };

export async function listSources({ ctx, input }: Call<ListSources>): Promise<Page<ListedSource>> {
  const { kind, state, search } = input;
  const order = input.order === "ascending" ? "asc" : "desc";
  const visible = visibleApplications(ctx.actor);
  const page = await readPage(input, { order, keyOf: idIterator("src_") }, (slice) => {
    const query = reader(ctx)
      .selectFrom("source")
      .leftJoin("source_run", "source_run.source_id", "source.id")
      .selectAll("source")
      .select("source_run.state")
      .where("source.org_id", "=", ctx.actor.orgId)
      .where("source.deleted_at", "is", null)
      .$if(visible !== null, (own) => own.where("source.id", "in", visible!))
      .$if(kind !== null, (filtered) => filtered.where("source.kind", "=", kind!))
      .$if(state !== null, (filtered) => filtered.where("source_run.state", "=", state!))
      .$if(search !== null, (filtered) =>
        filtered.where((eb) =>
          eb.or(
            ["source.name", "source.uid", "source.type"].map(
              (column) => sql<SqlBool>`instr(lower(${sql.ref(column)}), ${search!.toLowerCase()}) > 0`,
            ),
          ),
        ),
      )
      .orderBy("source.id", slice.order)
      .limit(slice.limit);
    return (slice.from === null ? query : query.where("source.id", comparison(slice.order), slice.from)).execute();
  });
  return {
    ...page,
    rows: page.rows.map((row) => ({
      ...toSource(row, ctx.services.secretBox),
      state: row.state as RunState | null,
    })),
  };
}
