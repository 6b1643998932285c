/** Scope of a message search: the application, the endpoint and the keys that the query names. */
import { keyOfId } from "../../lib/id.ts";
import { getApplication } from "../application/find.ts";
import { requirePermission } from "../access.ts";
import { type Context, type OutsideContext, reader } from "../context.ts";
import { endpointsWithBacklog, type Holds, holdsOf } from "../delivery/held.ts";
import { getEndpoint } from "../endpoint/find.ts";
import type { MessageFilter, TimeRange } from "./filter.ts";

/** States by which messages can be searched, derived from their deliveries. */
export const MESSAGE_STATES = ["succeeded", "failed", "retrying", "pending", "held", "canceled", "unmatched"] as const;
export type MessageState = (typeof MESSAGE_STATES)[number];

/** `out`: published to an application. `in`: received by a source. */
export const DIRECTIONS = ["out", "in"] as const;
export type Direction = (typeof DIRECTIONS)[number];

export interface SearchMessages extends MessageFilter, TimeRange {
  readonly limit: number;
  readonly iterator: string | null;
  /** Id or uid; `null`: all applications that the actor can access. */
  readonly app: string | null;
  /** `null`: both. */
  readonly direction: Direction | null;
  /** Id or uid of an endpoint of `app`: only messages matched with it. */
  readonly endpoint: string | null;
  /** Id or event id of a message, or id of one of its attempts. */
  readonly id: string | null;
  readonly state: MessageState | null;
  /** Text that the payload contains, encoded in UTF-8. */
  readonly text: string | null;
}

export interface Scope extends SearchMessages {
  readonly appKey: number | null;
  readonly endpointKey: number | null;
  /** Keys of the messages that can have the id; `null` if they are not known, so that messages must be scanned. */
  readonly keys: readonly number[] | null;
  /** Set if the requested state depends on holds. */
  readonly holds: Holds | null;
}

const LIVE_STATES: ReadonlySet<MessageState | null> = new Set<MessageState>(["retrying", "pending", "held"]);

export async function scopeOf(ctx: OutsideContext, input: SearchMessages): Promise<Scope> {
  const { actor } = ctx;
  if (input.text !== null) requirePermission(actor, "payloads:read");
  const app = input.app ?? (actor.kind === "application" ? actor.appPublicId : null);
  const appKey = app === null ? null : (await getApplication(ctx, app)).key;
  const endpointKey =
    app === null || input.endpoint === null
      ? null
      : (await getEndpoint(ctx, { app, endpoint: input.endpoint })).endpoint.key;
  const withDelivery = async () => (endpointKey === null ? endpointsWithBacklog(ctx, appKey) : [endpointKey]);
  const holds = LIVE_STATES.has(input.state) ? await holdsOf(ctx, await withDelivery()) : null;
  return { ...input, appKey, endpointKey, holds, keys: input.id === null ? null : await keysOf(ctx, input.id, appKey) };
}

/** Keys of the messages with an id; `null` if there is no index for it: that of event ids requires an application. */
async function keysOf(ctx: Context, id: string, appKey: number | null): Promise<readonly number[] | null> {
  const db = reader(ctx);
  const message = keyOfId("msg_", id);
  if (message !== null) {
    const rows = await db
      .selectFrom("message")
      .select("id")
      .where("id", "=", message)
      .where("public_id", "=", id)
      .execute();
    return rows.map((row) => row.id);
  }
  const attempt = keyOfId("atmpt_", id);
  if (attempt !== null) {
    const made = db.selectFrom("attempt").select("message_id").where("id", "=", attempt).where("public_id", "=", id);
    return (await made.execute()).map((row) => row.message_id);
  }
  if (appKey === null) return null;
  const rows = await db
    .selectFrom("message")
    .select("id")
    .where("app_id", "=", appKey)
    .where("event_id", "=", id)
    .execute();
  return rows.map((row) => row.id);
}
