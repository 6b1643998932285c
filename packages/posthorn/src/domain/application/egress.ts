/** Egress settings of an application: allowed targets of deliveries, and their proxy. */
import { invalid } from "../../lib/errors.ts";
import { atomically, type Call, type Context, reader, write } from "../context.ts";
import type { EndpointProxy } from "../endpoint/egress.ts";
import { getApplication } from "./find.ts";
import { requireAllowedProxy, requireAllowedWords } from "./tenant-egress.ts";
import { sealedIn } from "../../store/sealed-columns.ts";

export interface ApplicationRef {
  /** Id or uid. */
  readonly app: string;
}

/** Egress settings without secrets. */
export interface ApplicationEgressFacts {
  /** The application's own allow list, normalised; `null`: the platform's applies. */
  readonly allow: string | null;
  /** Entries of `allow` that have no effect because the operator does not allow them. */
  readonly refusedWords: readonly string[];
  /** Without address and credentials; `null`: the platform's proxy, if any. */
  readonly proxy: ProxyFacts | null;
}

export interface ProxyFacts {
  readonly scheme: string;
  readonly target: "address" | "name";
  /** Whether deliveries fail because the operator does not allow the host of the proxy. */
  readonly refused: boolean;
}

export async function getApplicationEgress({ ctx, input }: Call<ApplicationRef>): Promise<ApplicationEgressFacts> {
  const { key } = await getApplication(ctx, input.app);
  const row = await reader(ctx)
    .selectFrom("application")
    .select(["egress_allow", "egress_sealed"])
    .where("id", "=", key)
    .executeTakeFirstOrThrow();
  const { egress_allow: allow, egress_sealed: sealed } = row;
  const refusedWords = allow === null ? [] : ctx.services.rules.refusedWords(allow).map(({ text }) => text);
  if (sealed === null) return { allow, refusedWords, proxy: null };
  const opened = ctx.services.secretBox.open(sealed, sealedIn("application.egress_sealed", key));
  const { proxy } = JSON.parse(opened) as { readonly proxy: EndpointProxy };
  return { allow, refusedWords, proxy: proxyFacts(ctx, proxy) };
}

export function proxyFacts(ctx: Context, proxy: EndpointProxy): ProxyFacts {
  const { url, target = "address" } = proxy;
  return {
    scheme: new URL(url).protocol.slice(0, -1),
    target,
    refused: ctx.services.rules.refusedProxy(proxy) !== null,
  };
}

export interface SetApplicationEgress extends ApplicationRef {
  /** An absent part is unchanged; `null` removes it. */
  readonly allow?: string | null;
  readonly proxy?: EndpointProxy | null;
}

export function setApplicationEgress(call: Call<SetApplicationEgress>): Promise<void> {
  return atomically(call, async ({ ctx, input }) => {
    const { key } = await getApplication(ctx, input.app);
    const { allow, proxy } = input;
    const words = typeof allow === "string" ? readWords(ctx, allow) : allow;
    if (proxy) checkProxy(ctx, proxy);
    const place = sealedIn("application.egress_sealed", key);
    const sealed = proxy ? ctx.services.secretBox.seal(JSON.stringify({ proxy }), place) : proxy;
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

/** Address rules and proxy of an application, for requests that belong to none of its endpoints. */
export async function applicationEgress(
  ctx: Context,
  applicationKey: number,
): Promise<{ readonly allow: string | null; readonly proxy: EndpointProxy | null }> {
  const row = await reader(ctx)
    .selectFrom("application")
    .select(["egress_allow", "egress_sealed"])
    .where("id", "=", applicationKey)
    .executeTakeFirstOrThrow();
  const { egress_allow: allow, egress_sealed: sealed } = row;
  if (sealed === null) return { allow, proxy: null };
  const opened = ctx.services.secretBox.open(sealed, sealedIn("application.egress_sealed", applicationKey));
  return { allow, ...(JSON.parse(opened) as { readonly proxy: EndpointProxy }) };
}

/** Rejects a proxy that the HTTP client cannot use or the operator does not allow. */
function checkProxy(ctx: Context, proxy: EndpointProxy): void {
  const problem = ctx.services.rules.egressProblem({ proxy }, null);
  if (problem !== null) throw invalid(["body", ...problem.path], problem.message);
  requireAllowedProxy(ctx, proxy);
}

function readWords(ctx: Context, text: string): string {
  const words = normaliseWords(ctx, text);
  requireAllowedWords(ctx, words);
  return words;
}

function normaliseWords(ctx: Context, text: string): string {
  try {
    return ctx.services.rules.normaliseAllow(text);
  } catch (cause) {
    throw invalid("allow", cause instanceof Error ? cause.message : String(cause));
  }
}
