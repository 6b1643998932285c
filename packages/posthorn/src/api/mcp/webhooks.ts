/** `events/subscribe` and `events/unsubscribe`: events sent to a URL of the client. */
import { AuditTrail } from "../../domain/audit/trail.ts";
import type { OutsideContext } from "../../domain/context.ts";
import { readWatermark } from "../../domain/feed/watermark.ts";
import { encodeCursor } from "../../domain/feed/position.ts";
import { CallbackError } from "../../domain/subscription/callback.ts";
import type { DeliveryStatus } from "../../domain/subscription/delivery-status.ts";
import { subscribeMcp, unsubscribeMcp } from "../../domain/subscription/mcp.ts";
import { authorize } from "../authorize.ts";
import { dateTime, dateTimeOrNull } from "../wire.ts";
import type { ToolCaller } from "./call-tool.ts";
import { placeOf, type Subscribed, translated } from "./events.ts";
import { CODE, isRecord, type Params, RpcError } from "./protocol.ts";
import { operationOf } from "./registry.ts";

const createEndpoint = operationOf("v1.endpoint.create").route;
const deleteEndpoint = operationOf("v1.endpoint.delete").route;

/** Sends the events that match to `delivery.url`. Subscribing again renews. */
export async function subscribeEvents(caller: ToolCaller, params: Params): Promise<object> {
  const subscription = await placeOf(caller, params);
  const { url, secret } = deliveryOf(params["delivery"]);
  const ctx = await contextOf(caller, subscription, { route: createEndpoint, action: "v1.mcp.events.subscribe" });
  const { feed, from, filter, requireEvent } = subscription;
  const input = {
    ...refOf(subscription, url),
    eventTypes: filter.eventTypes === null ? null : [...filter.eventTypes],
    channel: filter.channel,
    secret: secretOf(secret),
    ttlMs: ttlOf(params["ttlMs"]),
    from,
    requireEvent,
  };
  const made = await called(() => subscribeMcp({ ctx, input }));
  await ctx.audit?.finish(caller.services);
  const { store, feeds, now } = caller.services;
  const sources = { db: () => store.db, horizon: () => feeds.horizon(), now };
  return {
    id: made.id,
    refreshBefore: new Date(made.expiresAt).toISOString(),
    cursor: made.isNew ? encodeCursor(feed, from) : await readWatermark(sources, made.endpointKey),
    truncated: made.truncated || (made.isNew && subscription.truncated),
    ...(made.delivery === null ? {} : { deliveryStatus: statusOut(made.delivery) }),
  };
}

function statusOut({ active, lastDeliveryAt, lastError, failedSince }: DeliveryStatus): object {
  return {
    active,
    lastDeliveryAt: dateTimeOrNull(lastDeliveryAt),
    lastError,
    ...(failedSince === null ? {} : { failedSince: dateTime(failedSince) }),
  };
}

/** Ends a subscription of this caller. */
export async function unsubscribeEvents(caller: ToolCaller, params: Params): Promise<object> {
  const subscription = await placeOf(caller, { ...params, cursor: null });
  const { url } = deliveryOf(params["delivery"]);
  const ctx = await contextOf(caller, subscription, { route: deleteEndpoint, action: "v1.mcp.events.unsubscribe" });
  await called(() => unsubscribeMcp({ ctx, input: refOf(subscription, url) }));
  await ctx.audit?.finish(caller.services);
  return {};
}

function refOf({ ref, name, given }: Subscribed, url: string) {
  return { app: ref, url, name, arguments: given };
}

function deliveryOf(delivery: unknown): { readonly url: string; readonly secret: unknown } {
  const { mode = "webhook", url, secret } = isRecord(delivery) ? delivery : {};
  if (mode !== "webhook")
    throw new RpcError(
      CODE.unsupported,
      "Events are sent to webhooks here. Use events/poll or events/stream instead.",
      {
        data: { feature: "deliveryMode", value: String(mode) },
      },
    );
  if (typeof url !== "string" || url.length > 2048)
    throw new RpcError(CODE.params, "`delivery.url` must be the URL of your callback, of up to 2,048 characters.");
  return { url, secret };
}

function secretOf(secret: unknown): string {
  const encoded = typeof secret === "string" ? /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1] : undefined;
  const { length } = Buffer.from(encoded ?? "", "base64");
  if (typeof secret === "string" && length >= 24 && length <= 64) return secret;
  throw new RpcError(CODE.params, "`delivery.secret` must be `whsec_` and 24 to 64 bytes in base64.");
}

function ttlOf(ttl: unknown): number | null | undefined {
  if (ttl === undefined || ttl === null) return ttl;
  if (typeof ttl === "number" && Number.isSafeInteger(ttl) && ttl > 0) return ttl;
  throw new RpcError(CODE.params, "`ttlMs` must be a number of milliseconds, or null.");
}

type AuditedContext = OutsideContext & { readonly audit: AuditTrail };

/** The context of a call that needs the permission of a route for endpoints. */
async function contextOf(
  { services, actor, userAgent, ip }: ToolCaller,
  { ref }: Subscribed,
  { route, action }: { readonly route: typeof createEndpoint; readonly action: string },
): Promise<AuditedContext> {
  const allowed = await translated(async () => authorize(services, actor, route, { app_id: ref }));
  const audit = new AuditTrail({
    type: "change",
    action,
    actor: allowed,
    target: { kind: "endpoint", id: null, name: null },
    fields: ["name", "arguments", "delivery"],
    facts: {},
    operator: null,
    ip,
    userAgent: userAgent ?? null,
  });
  return { services, actor: allowed, tx: null, operation: action, audit };
}

async function called<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await translated(run);
  } catch (error) {
    if (!(error instanceof CallbackError)) throw error;
    const { reason, message } = error;
    if (reason === "rate_limited") throw new RpcError(CODE.exhausted, message);
    throw new RpcError(CODE.callback, message, { data: { reason } });
  }
}
