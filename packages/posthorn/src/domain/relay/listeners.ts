/** Listeners that are connected to a relay endpoint. */
import { connectedTo, endSessions, type RelaySession } from "../../relay/sessions.ts";
import { notFound } from "../../lib/errors.ts";
import { keyOfId } from "../../lib/id.ts";
import { type Call, reader, write } from "../context.ts";
import { type EndpointRef, getEndpoint } from "../endpoint/find.ts";

export interface Listener {
  readonly id: string;
  readonly name: string;
  readonly transport: string;
  /** Unix milliseconds. */
  readonly connectedAt: number;
  /** The node that has the connection. */
  readonly nodeId: number;
}

/** The earliest first. */
export async function listListeners({ ctx, input }: Call<EndpointRef>): Promise<readonly Listener[]> {
  const { endpoint } = await getEndpoint(ctx, input);
  const connected = await connectedTo(reader(ctx), endpoint.key, ctx.services.now());
  return connected.filter(({ connected_at }) => connected_at !== null).map(toListener);
}

/** Disconnects a listener in a way that it does not reconnect on its own. */
export async function disconnectListener({
  ctx,
  input,
}: Call<EndpointRef & { readonly listener: string }>): Promise<void> {
  const { endpoint } = await getEndpoint(ctx, input);
  await write(ctx, async (tx) => {
    const row = await tx.db
      .selectFrom("relay_session")
      .select("id")
      .where("id", "=", keyOfId("relay_", input.listener) ?? -1)
      .where("public_id", "=", input.listener)
      .where("endpoint_id", "=", endpoint.key)
      .executeTakeFirst();
    if (row === undefined) throw notFound("listener");
    await endSessions(tx, [{ key: row.id, endpointKey: endpoint.key }], ctx.services.now());
  });
}

function toListener({ public_id: id, client_name, transport, connected_at, node_id }: RelaySession): Listener {
  return { id, name: client_name, transport: transport ?? "", connectedAt: connected_at ?? 0, nodeId: node_id ?? 0 };
}
