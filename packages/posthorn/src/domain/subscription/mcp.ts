/**
 * Subscriptions of MCP clients. Principal, callback, event and arguments identify one; subscribing again renews it. An endpoint delivers to
 * each, with the retries, limits and address rules of all endpoints.
 */
import type { McpCallback } from "../../destinations/kinds/mcp-request.ts";
import { MCP_EVENTS_KIND } from "../../destinations/kinds.ts";
import { invalid, PosthornError } from "../../lib/errors.ts";
import { keyAtTime } from "../../lib/id.ts";
import { isUniqueViolation } from "../../store/errors.ts";
import type { Application } from "../application/application.ts";
import { getApplication } from "../application/find.ts";
import {
  atomically,
  type OutsideCall,
  type OutsideContext,
  reader,
  type TransactionContext,
  unaudited,
} from "../context.ts";
import { insertEndpoint } from "../endpoint/create.ts";
import { toDisabled } from "../endpoint/disabled.ts";
import { checkUrl } from "../endpoint/endpoint.ts";
import { openConfig } from "../endpoint/sealed-config.ts";
import { newTarget } from "../endpoint/target.ts";
import { type Position, timeOf } from "../feed/position.ts";
import { canceledCursor } from "../replay/catch-up.ts";
import { startCatchUp } from "../replay/start.ts";
import { confirmCallback } from "./callback.ts";
import { type DeliveryStatus, deliveryStatusOf } from "./delivery-status.ts";
import { endSubscription } from "./end.ts";
import { type Principal, principalOf } from "./principal.ts";
import { SUBSCRIPTION_POLICY } from "./subscription.ts";
import { hashesOf, type Identity, idOf, type McpSubscriptionRef } from "./mcp-identity.ts";
import { type Alive, find, findAlive, isConfirmed, requireRoom } from "./mcp-rows.ts";

export interface SubscribeMcp extends McpSubscriptionRef {
  /** `null`: all types, of a source. */
  readonly eventTypes: readonly string[] | null;
  readonly channel: string | null;
  readonly secret: string;
  /** Lifetime that the client asks for; `null`: without an end; absent: it does not say. */
  readonly ttlMs: number | null | undefined;
  /** Where a new subscription begins. */
  readonly from: Position;
  /** Throws unless the event exists. Not called for renewals, which a deleted event type must not prevent. */
  readonly requireEvent: () => Promise<void>;
}

export interface McpSubscription {
  /** ID that the client uses, derived from the fields that identify the subscription. */
  readonly id: string;
  readonly endpointKey: number;
  /** Unix milliseconds. */
  readonly expiresAt: number;
  readonly isNew: boolean;
  /** Whether events between the client's position and now are left out: they are too old, or their catch-up was canceled. */
  readonly truncated: boolean;
  /** How deliveries went until now; `null`: it is new. */
  readonly delivery: DeliveryStatus | null;
}

const MINUTE = 60_000;
const DAY = 86_400_000;
const TTL = { min: MINUTE, default: DAY, max: 30 * DAY } as const;

/** Events that are older are not sent again when a client comes back. */
const MAX_CATCH_UP_MS = 14 * DAY;

/**
 * Creates a subscription or renews it. Asks the callback first, unless it has confirmed another subscription of this principal. Throws
 * `CallbackError`.
 */
export async function subscribeMcp({ ctx, input }: OutsideCall<SubscribeMcp>): Promise<McpSubscription> {
  const application = await getApplication(ctx, input.app);
  const url = await checkCallback(ctx, application, input.url);
  const principal = principalOf(ctx.actor);
  const identity = { application, principal, url, ref: input, ...hashesOf(principal, url, input) };
  if ((await find(reader(ctx), identity))?.deleted_at !== null) await input.requireEvent();
  if (!(await isConfirmed(ctx, identity))) {
    await requireRoom(ctx, identity);
    await confirmCallback(ctx, application.key, callbackOf(identity, input.secret, null));
  }
  const store = (): Promise<McpSubscription> =>
    atomically({ ctx, input }, async ({ ctx: inside }) => {
      const found = await findAlive(inside, identity);
      return found === null ? create(inside, identity, input) : renew(inside, identity, input, found);
    });
  try {
    return await store();
  } catch (error) {
    // A concurrent request has created it.
    if (isUniqueViolation(error)) return store();
    throw error;
  }
}

/** Ends a subscription. Throws `not_found`. */
export async function unsubscribeMcp({ ctx, input }: OutsideCall<McpSubscriptionRef>): Promise<void> {
  const application = await getApplication(ctx, input.app);
  const url = await checkCallback(ctx, application, input.url);
  const principal = principalOf(ctx.actor);
  const identity = { application, principal, url, ref: input, ...hashesOf(principal, url, input) };
  await atomically({ ctx, input }, async ({ ctx: inside }) => {
    const found = await findAlive(inside, identity);
    if (found === null) throw new PosthornError("not_found", "There is no such subscription. It may have expired.");
    const { key, endpointKey, endpointId: id, uid } = found;
    inside.audit?.created("endpoint", id);
    await endSubscription(inside, application, { key, endpoint: { key: endpointKey, id, uid } });
  });
}

function callbackOf(identity: Identity, secret: string, previousSecret: string | null): McpCallback {
  return { callback: identity.url, subscription: idOf(identity), secret, previousSecret };
}

/** Callbacks need HTTPS. On the machine of a developer, HTTP is enough: no one else can read it. */
async function checkCallback(ctx: OutsideContext, { key }: Application, given: string): Promise<string> {
  const url = await checkUrl(ctx, key, given);
  const { protocol, hostname } = new URL(url);
  if (protocol === "https:" || /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)) return url;
  throw invalid("url", "`delivery.url` must be an https URL.");
}

async function create(ctx: TransactionContext, identity: Identity, input: SubscribeMcp): Promise<McpSubscription> {
  await requireRoom(ctx, identity);
  const { services, tx } = ctx;
  const { application, principal, keyHash, verifiedHash } = identity;
  const { eventTypes, channel } = input;
  const lease = leaseOf(services.now(), input.ttlMs, principal);
  const expiresAt = lease.lease_until;
  const endpoint = await insertEndpoint(
    ctx,
    application,
    {
      ...targetOf(identity, input, { previousSecret: null, expiresAt }),
      uid: null,
      description: "",
      version: 1,
      throttleRate: null,
      disabled: false,
      metadata: {},
      eventTypes,
      channels: channel === null ? null : [channel],
      secret: null,
      headers: {},
    },
    { isSubscription: true },
  );
  await tx.db
    .updateTable("endpoint")
    .set({ policy_json: SUBSCRIPTION_POLICY })
    .where("id", "=", endpoint.key)
    .execute();
  const { key, id } = services.ids.next("sub_");
  await tx.db
    .insertInto("subscription")
    .values({
      id: key,
      public_id: id,
      app_id: application.key,
      protocol: "mcp",
      topic_id: null,
      endpoint_id: endpoint.key,
      target_hash: keyHash,
      principal: principal.id,
      token_hash: principal.tokenHash,
      verified_hash: verifiedHash,
      created_at: services.now(),
      ...lease,
    })
    .execute();
  tx.signal({ kind: "subscriptions" });
  // Even if the client sent no cursor: events may have been published while the callback was asked.
  const isBehind = await hasMessagesAfter(ctx, application, input.from);
  const isTooOld = isBehind && (await catchUp(ctx, identity, endpoint.id, timeOf(input.from)));
  // Until a feed is read, its cursor is the start of time, and there may be no events that old.
  const oldest = keyAtTime(services.now() - MAX_CATCH_UP_MS);
  const truncated = isTooOld && (await hasMessagesAfter(ctx, application, input.from, oldest));
  return { id: idOf(identity), endpointKey: endpoint.key, expiresAt, isNew: true, truncated, delivery: null };
}

async function renew(
  ctx: TransactionContext,
  identity: Identity,
  input: SubscribeMcp,
  found: Alive,
): Promise<McpSubscription> {
  const { services, tx } = ctx;
  const { application, principal, verifiedHash } = identity;
  const now = services.now();
  const lease = leaseOf(now, input.ttlMs, principal);
  const place = { appKey: application.key, endpointKey: found.endpointKey };
  const delivery = await deliveryStatusOf(tx.db, found.endpointKey);
  const isCanceled = (await canceledCursor(tx.db, place)) !== null;
  const before = openConfig(services.secretBox, {
    id: found.endpointKey,
    kind: MCP_EVENTS_KIND,
    config_sealed: found.config_sealed,
  });
  const earlier = before?.["secret"];
  const isRotated = typeof earlier === "string" && earlier !== input.secret;
  const { columns } = await newTarget(
    ctx,
    { appKey: application.key, key: found.endpointKey },
    targetOf(identity, input, { previousSecret: isRotated ? earlier : null, expiresAt: lease.lease_until }),
    { isSubscription: true },
  );
  const disabled = found.disabled === 1 ? toDisabled(found.disabled_json) : null;
  const isResumed = disabled?.trigger === "automatic";
  await tx.db
    .updateTable("endpoint")
    .set({
      config_sealed: columns.config_sealed,
      updated_at: now,
      ...(isResumed ? { disabled: 0, disabled_json: null } : {}),
    })
    .where("id", "=", found.endpointKey)
    .execute();
  await tx.db
    .updateTable("subscription")
    .set({ ...lease, token_hash: principal.tokenHash, verified_hash: verifiedHash })
    .where("id", "=", found.key)
    .execute();
  tx.signal({ kind: "subscriptions" }, { kind: "application", key: application.key });
  // A renewal that only extends the subscription happens all the time.
  if (isRotated || isResumed) ctx.audit?.created("endpoint", found.endpointId);
  else ctx.audit?.unchanged();
  let truncated = isCanceled;
  if (isResumed) {
    tx.signal({ kind: "try", endpointId: found.endpointKey }, { kind: "healthy", endpointId: found.endpointKey });
    truncated = (await catchUp(ctx, identity, found.endpointId, disabled.at)) || truncated;
  }
  return {
    id: idOf(identity),
    endpointKey: found.endpointKey,
    expiresAt: lease.lease_until,
    isNew: false,
    truncated,
    delivery,
  };
}

function targetOf(
  identity: Identity,
  { name, secret }: SubscribeMcp,
  { previousSecret, expiresAt }: { readonly previousSecret: string | null; readonly expiresAt: number },
) {
  const config = {
    callback: identity.url,
    subscription: idOf(identity),
    event: name,
    subscriber: identity.principal.label,
    expiresAt: new Date(expiresAt).toISOString(),
    secret,
    ...(previousSecret === null ? {} : { previousSecret }),
  };
  return { kind: MCP_EVENTS_KIND, url: null, config } as const;
}

/** A subscription never outlives the token with which it was made. */
function leaseOf(now: number, ttlMs: number | null | undefined, { endsAt }: Principal) {
  const asked = ttlMs === undefined ? TTL.default : (ttlMs ?? TTL.max);
  const lifetime = Math.min(TTL.max, Math.max(TTL.min, asked));
  const lease_until = Math.min(now + lifetime, endsAt ?? Number.POSITIVE_INFINITY);
  return { lease_seconds: Math.ceil((lease_until - now) / 1000), lease_until, updated_at: now };
}

async function hasMessagesAfter(
  { tx }: TransactionContext,
  { key: app }: Application,
  { key }: Position,
  before = Number.MAX_SAFE_INTEGER,
) {
  const row = await tx.db
    .selectFrom("message")
    .select("id")
    .where("app_id", "=", app)
    .where("id", ">", key)
    .where("id", "<", before)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Sends the events since a time for which the endpoint has no delivery. Returns whether some are too old. */
async function catchUp(
  ctx: TransactionContext,
  { application }: Identity,
  endpoint: string,
  since: number,
): Promise<boolean> {
  const now = ctx.services.now();
  const oldest = now - MAX_CATCH_UP_MS;
  if (since < now) {
    // The caller sees the subscription in the audit log, and not the task.
    const input = { app: application.id, endpoint, since: Math.max(since, oldest), until: null };
    await startCatchUp({ ctx: unaudited(ctx), input });
  }
  return since < oldest;
}
