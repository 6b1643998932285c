import { atomically, type Call, reader } from "../context.ts";
import { type EndpointRef, getEndpoint } from "./find.ts";
import { requireWebhook } from "./only-webhooks.ts";
import { type Forwarding, toForwarding } from "./forwarding.ts";

export async function getForwarding({ ctx, input }: Call<EndpointRef>): Promise<Forwarding> {
  const { endpoint } = await getEndpoint(ctx, input);
  const row = await reader(ctx)
    .selectFrom("endpoint")
    .select("forward_json")
    .where("id", "=", endpoint.key)
    .executeTakeFirst();
  return toForwarding(row?.forward_json ?? null);
}

export function setForwarding(call: Call<EndpointRef & { readonly forwarding: Forwarding }>): Promise<void> {
  return atomically(call, async ({ ctx, input }) => {
    const { application, endpoint } = await getEndpoint(ctx, input);
    requireWebhook(endpoint, ["body"], "Forwarding settings");
    const { db, signal } = ctx.tx;
    await db
      .updateTable("endpoint")
      .set({ forward_json: JSON.stringify(input.forwarding) })
      .where("id", "=", endpoint.key)
      .execute();
    signal({ kind: "application", key: application.key });
  });
}
