/** Handlers of the consent page, and of the clients that people connected. */
import type { Static } from "typebox";
import { decide, readConsent } from "../../domain/connected-client/approve.ts";
import { listConnectedClients, revokeConnectedClient } from "../../domain/connected-client/manage.ts";
import type { Context, OutsideContext } from "../../domain/context.ts";
import type { PageRequest } from "../../domain/paging.ts";
import type { ClientDecisionIn } from "../models/connected-client.ts";
import { list, noContent, ok, type Reply } from "../reply.ts";
import { dateTime } from "../wire.ts";

export async function consent(ctx: OutsideContext, query: string): Promise<Reply> {
  const found = await readConsent({ ctx, input: { query } });
  if (!("client" in found)) return ok({ ...NO_CONSENT, redirectTo: found.redirectTo });
  const { isLocal, ...shown } = found;
  return ok({ ...shown, local: isLocal });
}

const NO_CONSENT = {
  client: null,
  destination: null,
  local: false,
  organisation: null,
  asksToWrite: false,
  write: "role",
} as const;

export async function decideClient(ctx: OutsideContext, input: Static<typeof ClientDecisionIn>): Promise<Reply> {
  const { request: query, approve, write = false } = input;
  return ok({ redirectTo: await decide({ ctx, input: { query, approve, write } }) });
}

export async function connectedClients(ctx: Context, input: PageRequest): Promise<Reply> {
  return list(
    await listConnectedClients({ ctx, input }),
    ({ id }) => id,
    ({ connectedAt, lastUsedAt, expiresAt, ...client }) => ({
      ...client,
      connectedAt: dateTime(connectedAt),
      lastUsedAt: dateTime(lastUsedAt),
      expiresAt: dateTime(expiresAt),
    }),
  );
}

export async function revokeClient(ctx: Context, id: string): Promise<Reply> {
  await revokeConnectedClient({ ctx, input: { id } });
  return noContent();
}
