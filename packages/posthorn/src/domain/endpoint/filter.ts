import { compileFilter, FilterSyntaxError } from "../../filter/compile.ts";
import type { CompiledFilter } from "../../filter/compile.ts";
import { DOCUMENT_ROOTS } from "../../filter/document.ts";
import { ValidationError } from "../../lib/errors.ts";
import { type Call, reader, write } from "../context.ts";
import { type EndpointRef, getEndpoint } from "./find.ts";

/** The filter of an endpoint as JSON, exactly as it was set; `null` if it has none. */
export async function getFilter({ ctx, input }: Call<EndpointRef>): Promise<string | null> {
  const { endpoint } = await getEndpoint(ctx, input);
  const row = await reader(ctx)
    .selectFrom("endpoint")
    .select("filter_json")
    .where("id", "=", endpoint.key)
    .executeTakeFirstOrThrow();
  return row.filter_json;
}

/** Sets the filter of an endpoint, or removes it with `null`. Applies to messages published from now on. */
export async function setFilter({ ctx, input }: Call<EndpointRef & { readonly filter: string | null }>): Promise<void> {
  const { application, endpoint } = await getEndpoint(ctx, input);
  if (input.filter !== null) readFilter(input.filter);
  await write(ctx, async ({ db, signal }) => {
    await db
      .updateTable("endpoint")
      .set({ filter_json: input.filter, updated_at: ctx.services.now() })
      .where("id", "=", endpoint.key)
      .execute();
    signal({ kind: "application", key: application.key });
  });
}

/** Compiles a filter from a request. Throws a 422 that names the invalid clause. */
export function readFilter(json: string): CompiledFilter {
  try {
    return compileFilter(json, DOCUMENT_ROOTS);
  } catch (error) {
    if (!(error instanceof FilterSyntaxError)) throw error;
    const loc = ["body", "filter", ...(error.path === "" ? [] : [error.path])];
    throw new ValidationError([{ loc, msg: error.message, type: "value_error" }], { cause: error });
  }
}
