/** The targets that deliveries of one application may reach, and the proxy they go through, in place of the platform's. */
import { invalid } from "../../errors.ts";
import { atomically, type Call, type Context, reader, write } from "../context.ts";
import type { EndpointProxy } from "../endpoint/egress.ts";
import { getApplication } from "./find.ts";

export interface ApplicationRef {
  /** Id or uid. */
  readonly app: string;
}

/** What may be seen of it. */
export interface ApplicationEgressFacts {
  /** The words of the application's own, in one canonical spelling; `null`: the platform's hold. */
  readonly allow: string | null;
  /** Without its address and credentials; `null`: the platform's, if any. */
  readonly proxy: { readonly scheme: string; readonly target: "address" | "name" } | null;
}

export async function getApplicationEgress({ ctx, input }: Call<ApplicationRef>): Promise<ApplicationEgressFacts> {
  const { key } = await getApplication(ctx, input.app);
  const row = await reader(ctx)
    .selectFrom("application")
    .select(["egress_allow", "egress_sealed"])
    .where("id", "=", key)
    .executeTakeFirstOrThrow();
  if (row.egress_sealed === null) return { allow: row.egress_allow, proxy: null };
  const { proxy } = JSON.parse(ctx.services.vault.open(row.egress_sealed)) as { readonly proxy: EndpointProxy };
  const scheme = new URL(proxy.url).protocol.slice(0, -1);
  return { allow: row.egress_allow, proxy: { scheme, target: proxy.target ?? "address" } };
}

export interface SetApplicationEgress extends ApplicationRef {
  /** A part that is left out stays as it is; `null` takes it away. */
  readonly allow?: string | null;
  readonly proxy?: EndpointProxy | null;
}

export function setApplicationEgress(call: Call<SetApplicationEgress>): Promise<void> {
  return atomically(call, async ({ ctx, input }) => {
    const { key } = await getApplication(ctx, input.app);
    const { allow, proxy } = input;
    const words = typeof allow === "string" ? readWords(ctx, allow) : allow;
    if (proxy) checkProxy(ctx, proxy);
    const sealed = proxy ? ctx.services.vault.seal(JSON.stringify({ proxy })) : proxy;
    await write(ctx, async ({ db, signal }) => {
      const columns = {
        ...(words === undefined ? {} : { egress_allow: words }),
        ...(sealed === undefined ? {} : { egress_sealed: sealed }),
        updated_at: ctx.services.now(),
      };
      await db.updateTable("application").set(columns).where("id", "=", key).execute();
      signal({ kind: "application", key: key });
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

/** Refuses now what the HTTP client could not use. */
function checkProxy(ctx: Context, proxy: EndpointProxy): void {
  const trouble = ctx.services.rules.egressTrouble({ proxy }, null);
  if (trouble !== null) throw invalid(["body", ...trouble.path], trouble.message);
}

function readWords(ctx: Context, text: string): string {
  try {
    return ctx.services.rules.normaliseAllow(text);
  } catch (cause) {
    throw invalid("allow", cause instanceof Error ? cause.message : String(cause));
  }
}
