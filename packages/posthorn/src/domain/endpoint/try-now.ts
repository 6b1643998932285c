import { type Call, write } from "../context.ts";
import { type EndpointRef, getEndpoint } from "./find.ts";

/** Does not wait any longer for an endpoint that failed, or asked to be left alone: one attempt is made now, if anything waits. */
export async function tryEndpointNow({ ctx, input }: Call<EndpointRef>): Promise<void> {
  const { endpoint } = await getEndpoint(ctx, input);
  await write(ctx, async ({ signal }) => signal({ kind: "try", endpointId: endpoint.key }));
}
