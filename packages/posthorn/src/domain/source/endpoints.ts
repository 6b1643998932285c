import { APPLICATION_KIND } from "../../store/schema.ts";
import type { Context } from "../context.ts";
import { getSource } from "./find.ts";
import { applicationIdOf, type Source } from "./source.ts";

/** A source as verbs of applications and endpoints know it. */
export interface SourceScope<Ctx extends Context = Context> {
  readonly source: Source;
  /** The context in which those verbs see its application … */
  readonly ctx: Ctx;
  /** … and the id that they find it by. */
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
