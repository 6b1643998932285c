import { getApplication } from "../application/find.ts";
import { type Call, type Context, reader } from "../context.ts";
import { type EndpointRef, getEndpoint } from "../endpoint/find.ts";
import type { ApplicationRef } from "../application/egress.ts";
import { layerOf, over, platformPolicy, type PolicyLayer, type PolicySources, sourcesOf } from "./resolve.ts";
import type { Policy, PolicyValues } from "./sections.ts";

/** A policy as it was set, the values in force, and the level that each value comes from. */
export interface PolicyView {
  readonly policy: Policy;
  readonly effective: PolicyValues;
  readonly sources: PolicySources;
}

/** The policy of endpoints of the application that set nothing themselves. */
export async function getApplicationPolicy({ ctx, input }: Call<ApplicationRef>): Promise<PolicyView> {
  const { key } = await getApplication(ctx, input.app);
  return viewOf(ctx, await applicationLayer(ctx, key), null);
}

export async function getEndpointPolicy({ ctx, input }: Call<EndpointRef>): Promise<PolicyView> {
  const { application, endpoint } = await getEndpoint(ctx, input);
  return viewOf(ctx, await applicationLayer(ctx, application.key), await endpointLayer(ctx, endpoint.key));
}

export function viewOf(ctx: Context, application: PolicyLayer, endpoint: PolicyLayer | null): PolicyView {
  const platform = platformPolicy(ctx.services.rules.policyDefaults);
  const first = over(platform, application, "application");
  return {
    policy: (endpoint ?? application).policy,
    effective: endpoint === null ? first : over(first, endpoint, "endpoint"),
    sources: sourcesOf(platform, application, endpoint),
  };
}

export async function applicationLayer(ctx: Context, key: number): Promise<PolicyLayer> {
  const row = await reader(ctx)
    .selectFrom("application")
    .select(["policy_json", "throttle_rate"])
    .where("id", "=", key)
    .executeTakeFirstOrThrow();
  return layerOf(row);
}

export async function endpointLayer(ctx: Context, key: number): Promise<PolicyLayer> {
  const row = await reader(ctx)
    .selectFrom("endpoint")
    .select(["policy_json", "throttle_rate"])
    .where("id", "=", key)
    .executeTakeFirstOrThrow();
  return layerOf(row);
}
