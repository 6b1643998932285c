/** The targets that deliveries of one application may reach, in place of the platform's. */
import { invalid } from "../../errors.ts";
import { atomically, type Call, type Context, reader, write } from "../context.ts";
import { getApplication } from "./find.ts";

export interface ApplicationRef {
  /** Id or uid. */
  readonly app: string;
}

/** The words of the application's own, in one canonical spelling; `null`: the platform's hold. */
export async function getEgressAllow({ ctx, input }: Call<ApplicationRef>): Promise<string | null> {
  return egressAllowOf(ctx, (await getApplication(ctx, input.app)).key);
}

export function setEgressAllow(call: Call<ApplicationRef & { readonly allow: string | null }>): Promise<void> {
  return atomically(call, async ({ ctx, input }) => {
    const { key } = await getApplication(ctx, input.app);
    const allow = input.allow === null ? null : readWords(ctx, input.allow);
    await write(ctx, async ({ db, afterCommit }) => {
      const columns = { egress_allow: allow, updated_at: ctx.services.now() };
      await db.updateTable("application").set(columns).where("id", "=", key).execute();
      afterCommit(() => ctx.services.directory.invalidate(key));
    });
  });
}

export async function egressAllowOf(ctx: Context, applicationKey: number): Promise<string | null> {
  const row = await reader(ctx)
    .selectFrom("application")
    .select("egress_allow")
    .where("id", "=", applicationKey)
    .executeTakeFirstOrThrow();
  return row.egress_allow;
}

function readWords(ctx: Context, text: string): string {
  try {
    return ctx.services.rules.normaliseAllow(text);
  } catch (cause) {
    throw invalid("allow", cause instanceof Error ? cause.message : String(cause));
  }
}
