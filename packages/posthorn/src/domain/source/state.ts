import { notFound, PosthornError } from "../../lib/errors.ts";
import { atomically, type Call, type Context, reader, type TransactionContext } from "../context.ts";
import { getSource } from "./find.ts";
import { isRead } from "./kind.ts";
import { pauseRun, resumeRun, type SourceRun, toRun } from "./run.ts";
import type { Source } from "./source.ts";

/** State of a source that is read. `unavailable`: this installation cannot read the kind. */
export type SourceState = Omit<SourceRun, "state"> & { readonly state: SourceRun["state"] | "unavailable" };

/** Throws `not_found` for webhooks. */
export async function getSourceState({ ctx, input }: Call<{ readonly source: string }>): Promise<SourceState> {
  return stateOf(ctx, await getSource(ctx, input.source));
}

/** Makes a source due. Its node reads it at once. */
export function pollSource(call: Call<{ readonly source: string }>): Promise<SourceState> {
  return atomically(call, async ({ ctx, input }) => {
    const source = await getSource(ctx, input.source);
    const state = await stateOf(ctx, source);
    if (state.state === "paused") throw new PosthornError("conflict", "The source is paused. Resume it first.");
    if (state.nextAt === null || state.state === "unavailable") return state;
    const nextAt = ctx.services.now();
    await ctx.tx.db.updateTable("source_run").set({ next_at: nextAt }).where("source_id", "=", source.key).execute();
    ctx.tx.signal({ kind: "source", key: source.key });
    return { ...state, nextAt };
  });
}

/** Stops reading a source until it is resumed. Events that were read are kept. */
export function pauseSource(call: Call<{ readonly source: string }>): Promise<SourceState> {
  return changed(call, ({ tx }, source) => pauseRun(tx, source.key));
}

/** Reads a paused source again, immediately and from where it stopped. */
export function resumeSource(call: Call<{ readonly source: string }>): Promise<SourceState> {
  return changed(call, ({ tx, services }, source) => resumeRun(tx, source.key, services.now(), isRead(source.kind)));
}

function changed(
  call: Call<{ readonly source: string }>,
  change: (ctx: TransactionContext, source: Source) => Promise<void>,
): Promise<SourceState> {
  return atomically(call, async ({ ctx, input }) => {
    const source = await getSource(ctx, input.source);
    await stateOf(ctx, source);
    await change(ctx, source);
    ctx.tx.signal({ kind: "source", key: source.key });
    return stateOf(ctx, source);
  });
}

async function stateOf(ctx: Context, { key, kind }: Source): Promise<SourceState> {
  const row = await reader(ctx).selectFrom("source_run").selectAll().where("source_id", "=", key).executeTakeFirst();
  if (row === undefined) throw notFound("state: Posthorn reads no webhooks");
  const run = toRun(row);
  const problem = ctx.services.rules.sourceKinds.problem(kind);
  if (problem === null) return run;
  const error = { code: problem.code, message: problem.sentence, hint: null };
  return { ...run, state: "unavailable", error, nextAt: null };
}
