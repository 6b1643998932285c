import { invalid, PosthornError } from "../../lib/errors.ts";
import { egressAllowOf } from "../application/egress.ts";
import { requireAllowedProxy } from "../application/tenant-egress.ts";
import { atomically, type Call, type Context, reader, write } from "../context.ts";
import { type AuthFields, readAuth } from "./auth-fields.ts";
import type { EndpointEgress, EndpointProxy, EndpointTls } from "./egress.ts";
import { type EndpointRef, getEndpoint } from "./find.ts";

export interface SetEgress extends EndpointRef {
  /** A part that is left out stays as it is; `null` takes it away. */
  readonly auth?: AuthFields | null;
  readonly tls?: EndpointTls | null;
  /** Set by the organisation alone, and only where the operator lets its applications connect. */
  readonly proxy?: EndpointProxy | null;
}

/** Changes how deliveries reach an endpoint. What could not be used is refused now rather than at each delivery. */
export function setEgress(call: Call<SetEgress>): Promise<void> {
  return atomically(call, replaceParts);
}

/** Takes all of it away; with a token of the application the proxy, which is not its to change, stays. */
export function deleteEgress({ ctx, input }: Call<EndpointRef>): Promise<void> {
  const ours = ctx.actor.kind === "organisation" ? { proxy: null } : {};
  return setEgress({ ctx, input: { ...input, auth: null, tls: null, ...ours } });
}

async function replaceParts({ ctx, input }: Call<SetEgress>): Promise<void> {
  if (input.proxy !== undefined && ctx.actor.kind !== "organisation") {
    throw new PosthornError("insufficient access", "Only an organisation token can set a proxy.");
  }
  const { application, endpoint } = await getEndpoint(ctx, input);
  const before = await readEgress(ctx, endpoint.key);
  const auth = input.auth === undefined ? before.auth : input.auth === null ? undefined : readAuth(input.auth);
  const tls = input.tls === undefined ? before.tls : (input.tls ?? undefined);
  const proxy = input.proxy === undefined ? before.proxy : (input.proxy ?? undefined);
  const settings = {
    ...(auth === undefined ? {} : { auth }),
    ...(tls === undefined ? {} : { tls }),
    ...(proxy === undefined ? {} : { proxy }),
  };
  const trouble = ctx.services.rules.egressTrouble(settings, await egressAllowOf(ctx, application.key));
  if (trouble !== null) throw invalid(["body", ...trouble.path], trouble.message);
  if (input.proxy) requireAllowedProxy(ctx, input.proxy);
  await saveEgress(ctx, application.key, endpoint.key, settings);
}

/** With its secrets: for this folder only. */
export async function readEgress(ctx: Context, endpointKey: number): Promise<EndpointEgress> {
  const row = await reader(ctx)
    .selectFrom("endpoint")
    .select("egress_sealed")
    .where("id", "=", endpointKey)
    .executeTakeFirstOrThrow();
  return row.egress_sealed === null
    ? {}
    : (JSON.parse(ctx.services.secretBox.open(row.egress_sealed)) as EndpointEgress);
}

async function saveEgress(ctx: Context, appKey: number, endpointKey: number, settings: EndpointEgress): Promise<void> {
  const sealed = Object.keys(settings).length === 0 ? null : ctx.services.secretBox.seal(JSON.stringify(settings));
  await write(ctx, async ({ db, signal }) => {
    await db
      .updateTable("endpoint")
      .set({ egress_sealed: sealed, updated_at: ctx.services.now() })
      .where("id", "=", endpointKey)
      .execute();
    signal({ kind: "application", key: appKey });
  });
}
