import { APPLICATION_KIND } from "../../store/schema.ts";
import type { Context } from "../context.ts";
import { getSource } from "./find.ts";
import { applicationIdOf, type Source } from "./source.ts";

/** A source, as application and endpoint operations address it. */
export interface SourceScope<Ctx extends Context = Context> {
  readonly source: Source;
  /** Context in which those operations find its application. */
  readonly ctx: Ctx;
  /** ID of the application. */
  readonly app: string;
}

export async function scopeOf<Ctx extends Context>(ctx: Ctx, ref: string): Promise<SourceScope<Ctx>> {
  const source = await getSource(ctx, ref);
  return {
    source,
    ctx: { ...ctx, applicationKind: APPLICATION_KIND.source },
    app: applicationIdOf(source.id),
  };
}
