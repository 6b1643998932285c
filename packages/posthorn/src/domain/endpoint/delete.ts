import { type Call, write } from "../context.ts";
import { announceEndpoint } from "../operational/operational.ts";
import { deleteListenTokens } from "../relay/delete-tokens.ts";
import { type EndpointRef, getEndpoint } from "./find.ts";

/** Deletes an endpoint. Its attempts stay visible; its pending deliveries are canceled, and its listen tokens deleted. */
export async function deleteEndpoint({ ctx, input }: Call<EndpointRef>): Promise<void> {
  const { application, endpoint } = await getEndpoint(ctx, input);
  await write(ctx, async (tx) => {
    await tx.db
      .updateTable("endpoint")
      .set({ deleted_at: ctx.services.now() })
      .where("id", "=", endpoint.key)
      .execute();
    await tx.db.deleteFrom("endpoint_rate").where("endpoint_id", "=", endpoint.key).execute();
    await deleteListenTokens(tx, { appKey: application.key, endpointKey: endpoint.key });
    await announceEndpoint(ctx, tx, "endpoint.deleted", { application, endpoint });
    tx.signal({ kind: "application", key: application.key }, { kind: "wake", endpointId: endpoint.key });
  });
}
