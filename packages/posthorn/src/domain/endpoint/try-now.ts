import { type Call, write } from "../context.ts";
import { type EndpointRef, getEndpoint } from "./find.ts";

/** Probes an endpoint immediately with a queued delivery, even if its circuit is open or it asked Posthorn to wait. */
export async function tryEndpointNow({ ctx, input }: Call<EndpointRef>): Promise<void> {
  const { endpoint } = await getEndpoint(ctx, input);
  await write(ctx, async ({ signal }) => signal({ kind: "try", endpointId: endpoint.key }));
}
