import { invalid, PosthornError } from "../../lib/errors.ts";
import { egressAllowOf } from "../application/egress.ts";
import { requireAllowedProxy } from "../application/tenant-egress.ts";
import { atomically, type Call, type Context, reader, write } from "../context.ts";
import { type AuthFields, readAuth } from "./auth-fields.ts";
import type { EndpointEgress, EndpointProxy, EndpointTls } from "./egress.ts";
import { type EndpointRef, getEndpoint } from "./find.ts";
import { requireHttp, requireWebhook } from "./only-webhooks.ts";
import { sealedIn } from "../../store/sealed-columns.ts";

export interface SetEgress extends EndpointRef {
  /** An absent part is unchanged; `null` removes it. */
  readonly auth?: AuthFields | null;
  readonly tls?: EndpointTls | null;
  /** Only the organisation can set it, and only to proxies that the operator allows. */
  readonly proxy?: EndpointProxy | null;
}

/** Changes the egress settings of an endpoint. Validates them now, so that deliveries do not fail later. */
export function setEgress(call: Call<SetEgress>): Promise<void> {
  return atomically(call, replaceParts);
}

/** Removes all egress settings. With an application token the proxy remains, because only the organisation can change it. */
export function deleteEgress({ ctx, input }: Call<EndpointRef>): Promise<void> {
  const ours = ctx.actor.kind === "organisation" ? { proxy: null } : {};
  return setEgress({ ctx, input: { ...input, auth: null, tls: null, ...ours } });
}

async function replaceParts({ ctx, input }: Call<SetEgress>): Promise<void> {
  if (input.proxy !== undefined && ctx.actor.kind !== "organisation") {
    throw new PosthornError("insufficient access", "Only an organisation token can set a proxy.");
  }
  const { application, endpoint } = await getEndpoint(ctx, input);
  if (input.auth) requireWebhook(endpoint, ["body", "auth"], "Credentials of requests");
  if (input.tls) requireHttp(endpoint, ["body", "tls"], "TLS settings");
  if (input.proxy) requireHttp(endpoint, ["body", "proxy"], "Proxies");
  const before = await readEgress(ctx, endpoint.key);
  const auth = input.auth === undefined ? before.auth : input.auth === null ? undefined : readAuth(input.auth);
  const tls = input.tls === undefined ? before.tls : (input.tls ?? undefined);
  const proxy = input.proxy === undefined ? before.proxy : (input.proxy ?? undefined);
  const settings = {
    ...(auth === undefined ? {} : { auth }),
    ...(tls === undefined ? {} : { tls }),
    ...(proxy === undefined ? {} : { proxy }),
  };
  const problem = ctx.services.rules.egressProblem(settings, await egressAllowOf(ctx, application.key));
  if (problem !== null) throw invalid(["body", ...problem.path], problem.message);
  if (input.proxy) requireAllowedProxy(ctx, input.proxy);
  await saveEgress(ctx, application.key, endpoint.key, settings);
}

/** Returns the settings with their secrets. Only for use within this folder. */
export async function readEgress(ctx: Context, endpointKey: number): Promise<EndpointEgress> {
  const row = await reader(ctx)
    .selectFrom("endpoint")
    .select("egress_sealed")
    .where("id", "=", endpointKey)
    .executeTakeFirstOrThrow();
  if (row.egress_sealed === null) return {};
  const place = sealedIn("endpoint.egress_sealed", endpointKey);
  return JSON.parse(ctx.services.secretBox.open(row.egress_sealed, place)) as EndpointEgress;
}

async function saveEgress(ctx: Context, appKey: number, endpointKey: number, settings: EndpointEgress): Promise<void> {
  const place = sealedIn("endpoint.egress_sealed", endpointKey);
  const isEmpty = Object.keys(settings).length === 0;
  const sealed = isEmpty ? null : ctx.services.secretBox.seal(JSON.stringify(settings), place);
  await write(ctx, async ({ db, signal }) => {
    await db
      .updateTable("endpoint")
      .set({ egress_sealed: sealed, updated_at: ctx.services.now() })
      .where("id", "=", endpointKey)
      .execute();
    signal({ kind: "application", key: appKey });
  });
}
