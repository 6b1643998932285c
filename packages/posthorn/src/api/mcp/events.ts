/**
 * MCP Events (SEP-3415): event types, and reading events by poll or as a stream. Events are the messages of a feed, so a cursor is exact: it
 * continues after the last event that was read, without a gap and without a repetition.
 */
import type { Actor } from "../../domain/access.ts";
import type { AuditTrail } from "../../domain/audit/trail.ts";
import type { OutsideContext } from "../../domain/context.ts";
import { getFeed } from "../../domain/feed/find.ts";
import type { FeedFilter, FeedMessage, FeedPage } from "../../domain/feed/page.ts";
import {
  decodeCursor,
  encodeCursor,
  type Feed,
  laterOf,
  type Position,
  positionAtTime,
} from "../../domain/feed/position.ts";
import { readFeed, startOf } from "../../domain/feed/read.ts";
import { PosthornError, ValidationError } from "../../lib/errors.ts";
import { parseExact } from "../../lib/exact-json.ts";
import { trailFor } from "../audit-trail.ts";
import { authorize } from "../authorize.ts";
import { feedMessageOut } from "../feed/wire.ts";
import { type Operation, perform, type ToolCaller } from "./call-tool.ts";
import { CODE, isRecord, type Params, RpcError } from "./protocol.ts";
import { isOffered, operationOf } from "./registry.ts";

/** How events can be delivered. A webhook subscription creates an endpoint, so the caller must be allowed to do that. */
async function deliveryModes(caller: EventCaller): Promise<readonly string[]> {
  const isOpen = caller.tools === "write" && (await canCreateEndpoints(caller));
  return isOpen ? ["webhook", "poll", "push"] : ["poll", "push"];
}

async function canCreateEndpoints({ services, actor, app }: ToolCaller): Promise<boolean> {
  if (app === null) return isOffered(actor, createEndpoint);
  try {
    await authorize(services, actor, createEndpoint.route, { app_id: app });
    return true;
  } catch (error) {
    if (error instanceof PosthornError && error.status < 500) return false;
    throw error;
  }
}

const LIST_PAGE = 100;
const POLL_PAGE = 50;
const MAX_POLL_PAGE = 250;
/** When a client should poll again if there was nothing more. */
const NEXT_POLL_MS = 5000;
/** Access to a feed, as its routes declare it. */
const FEED_ROUTE = { access: "pull", permission: "payloads:read", path: "/api/v1/app/:app_id/feed" } as const;

const createEndpoint = operationOf("v1.endpoint.create");
const listTypes = operationOf("v1.event-type.list");
const getType = operationOf("v1.event-type.get");
const listSources = operationOf("v1.ingest.source.list");
const getSource = operationOf("v1.ingest.source.get");
/** Views of payloads by users have an entry in the audit log, as those of the route have. */
const startTrail = trailFor(operationOf("v1.feed.read").route)!;

type Row = Readonly<Record<string, unknown>>;

/** Caller of methods that depend on whether agents may change anything. */
export interface EventCaller extends ToolCaller {
  readonly tools: "read" | "write";
}

/** `events/list`: event types, and on the endpoint of the organisation its sources after them. */
export async function listEvents(caller: EventCaller, { cursor }: Params): Promise<object> {
  const [kind, iterator] = listCursor(cursor);
  const isTypeList = kind === "types";
  const query = {
    limit: LIST_PAGE,
    ...(iterator === "" ? {} : { iterator }),
    ...(isTypeList ? { with_content: true } : {}),
  };
  const page = await ask(caller, isTypeList ? listTypes : listSources, { query });
  const delivery = await deliveryModes(caller);
  const rows = (page["data"] as readonly Row[]).map((row) =>
    isTypeList ? typeOut(caller, row, delivery) : sourceOut(row, delivery),
  );
  const next =
    page["done"] === true
      ? isTypeList && seesSources(caller)
        ? "sources:"
        : null
      : `${kind}:${String(page["iterator"])}`;
  return { events: rows, ...(next === null ? {} : { nextCursor: next }) };
}

function listCursor(cursor: unknown): readonly ["types" | "sources", string] {
  if (cursor === undefined || cursor === null) return ["types", ""];
  const match = typeof cursor === "string" ? /^(types|sources):(.*)$/s.exec(cursor) : null;
  if (match === null) throw new RpcError(CODE.params, "`cursor` is not one of an earlier page.");
  return [match[1] as "types" | "sources", match[2]!];
}

function seesSources({ app, actor }: ToolCaller): boolean {
  return app === null && actor.kind === "organisation" && actor.grant.applications === null;
}

const CHANNEL = { type: "string", description: "Only events with this channel." } as const;
const APPLICATION = { type: "string", description: "ID or uid of the application whose events to receive." } as const;

function typeOut({ app }: ToolCaller, { name, description, schemas }: Row, delivery: readonly string[]): object {
  const properties = app === null ? { app: APPLICATION, channel: CHANNEL } : { channel: CHANNEL };
  return {
    name,
    description,
    delivery,
    inputSchema: {
      type: "object",
      properties,
      ...(app === null ? { required: ["app"] } : {}),
      additionalProperties: false,
    },
    payloadSchema: newestSchema(schemas),
  };
}

function newestSchema(schemas: unknown): object {
  const versions = isRecord(schemas) ? Object.entries(schemas) : [];
  const newest = versions.toSorted(([a], [b]) => Number(b) - Number(a))[0]?.[1];
  return isRecord(newest) ? newest : { type: "object" };
}

function sourceOut({ id, name }: Row, delivery: readonly string[]): object {
  return {
    name: id,
    description: `All events of the source ${String(name)}.`,
    delivery,
    inputSchema: { type: "object", properties: { channel: CHANNEL }, additionalProperties: false },
    payloadSchema: {
      type: "object",
      properties: { eventType: { type: "string" }, payload: { type: "object" } },
      required: ["eventType", "payload"],
    },
  };
}

/** What a poll or a stream reads. */
export interface Subscribed {
  readonly ctx: OutsideContext;
  readonly feed: Feed;
  readonly filter: FeedFilter;
  readonly from: Position;
  /** Whether it begins after the cursor of the client: events were left out. */
  readonly truncated: boolean;
  /** Id or uid of the application, or ID of the source. */
  readonly ref: string;
  readonly name: string;
  /** The arguments. */
  readonly given: Readonly<Record<string, string>>;
  readonly isSource: boolean;
  /** Absent: the view has no entry in the audit log. */
  readonly trail: AuditTrail | undefined;
  /** Throws unless the event exists. */
  readonly requireEvent: () => Promise<void>;
}

/** Checks a subscription to an event, and finds where it begins. Throws {@link RpcError}. */
export async function subscribed(caller: ToolCaller, params: Params): Promise<Subscribed> {
  const subscription = await placeOf(caller, params);
  await subscription.requireEvent();
  return subscription;
}

/** Like {@link subscribed}, but the event type may have been deleted. */
export async function placeOf(caller: ToolCaller, params: Params): Promise<Subscribed> {
  const { name, arguments: given = {}, maxAgeMs } = params;
  if (typeof name !== "string") throw new RpcError(CODE.params, "`name` must be that of an event type.");
  const isSource = caller.app === null && name.startsWith("src_");
  const checked = argumentsOf(given, caller.app, isSource);
  const { app, channel } = checked;
  const ref = isSource ? name : (app ?? caller.app!);
  const actor = await allowed(caller, ref);
  const trail = createTrail(caller, actor, ref);
  const ctx: OutsideContext = { services: caller.services, actor, tx: null, operation: "v1.feed.read", audit: trail };
  const { feed } = await translated(() => getFeed(ctx, { app: ref, endpoint: null }));
  const filter = { eventTypes: isSource ? null : new Set([name]), channel: channel ?? null };
  const begin = await translated(() => startPosition(ctx, feed, params["cursor"], ageOf(maxAgeMs)));
  return {
    ctx,
    feed,
    filter,
    ...begin,
    ref,
    name,
    given: checked,
    isSource,
    trail,
    requireEvent: () => requireEvent(caller, name, isSource),
  };
}

function createTrail({ secret, userAgent, ip }: ToolCaller, actor: Actor, app: string): AuditTrail | undefined {
  const request = { params: { app_id: app }, query: {}, body: { raw: Buffer.alloc(0), value: {} } };
  return startTrail({ actor, caller: secret, url: "", ...request, idempotencyKey: undefined, userAgent, ip });
}

function argumentsOf(given: unknown, app: string | null, isSource: boolean): Readonly<Record<string, string>> {
  if (!isRecord(given)) throw new RpcError(CODE.params, "`arguments` must be an object.");
  const isOrganisationWide = app === null && !isSource;
  const known = isOrganisationWide ? ["app", "channel"] : ["channel"];
  for (const [argument, value] of Object.entries(given)) {
    if (!known.includes(argument) || typeof value !== "string" || value === "")
      throw new RpcError(CODE.params, `\`arguments\` may contain these texts only: ${known.join(", ")}.`);
  }
  if (isOrganisationWide && given["app"] === undefined)
    throw new RpcError(CODE.params, "`arguments.app` must name an application.");
  return given as Readonly<Record<string, string>>;
}

function ageOf(age: unknown): number | null {
  if (age === undefined || age === null) return null;
  if (typeof age === "number" && Number.isSafeInteger(age) && age >= 0) return age;
  throw new RpcError(CODE.params, "`maxAgeMs` must be a number of milliseconds.");
}

async function requireEvent(caller: ToolCaller, name: string, isSource: boolean): Promise<void> {
  const request = { params: isSource ? { source_id: name } : { event_type_name: name } };
  await translated(
    () => ask(caller, isSource ? getSource : getType, request),
    `There is no event ${JSON.stringify(name)}.`,
  );
}

async function allowed(caller: ToolCaller, app: string): Promise<Actor> {
  return translated(async () => authorize(caller.services, caller.actor, FEED_ROUTE, { app_id: app }));
}

/** Where to begin: after the cursor, but not before the oldest event that is kept, nor before the greatest age. */
async function startPosition(
  ctx: OutsideContext,
  feed: Feed,
  cursor: unknown,
  maxAgeMs: number | null,
): Promise<{ readonly from: Position; readonly truncated: boolean }> {
  if (cursor === undefined || cursor === null) return { from: await startOf(ctx, feed, "latest"), truncated: false };
  if (typeof cursor !== "string")
    throw new RpcError(CODE.params, "`cursor` must be one of an earlier response, or null.");
  const position = decodeCursor(feed, cursor, ["params", "cursor"]);
  const earliest = await startOf(ctx, feed, "earliest");
  const floor = maxAgeMs === null ? earliest : laterOf(earliest, positionAtTime(ctx.services.now() - maxAgeMs));
  const from = laterOf(position, floor);
  return { from, truncated: from !== position };
}

/** `events/poll`. */
export async function pollEvents(caller: ToolCaller, params: Params): Promise<object> {
  const subscription = await subscribed(caller, params);
  const { ctx, feed, filter, from, truncated, trail } = subscription;
  const page = await readFeed({ ctx, input: { feed, from, limit: pageSize(params["maxEvents"]), filter } });
  // Clients poll every few seconds: only those polls that show something have an entry.
  if (page.messages.length > 0) await trail?.finish(ctx.services);
  return {
    events: occurrences(subscription, page),
    cursor: encodeCursor(feed, page.end),
    truncated,
    hasMore: !page.done,
    nextPollMs: NEXT_POLL_MS,
  };
}

function pageSize(most: unknown): number {
  if (most === undefined || most === null) return POLL_PAGE;
  if (typeof most === "number" && Number.isSafeInteger(most) && most > 0) return Math.min(most, MAX_POLL_PAGE);
  throw new RpcError(CODE.params, "`maxEvents` must be a positive number.");
}

export function occurrences(subscription: Pick<Subscribed, "name" | "isSource">, page: FeedPage): readonly object[] {
  return page.messages.map((found) => occurrence(subscription, found));
}

export function occurrence({ name, isSource }: Pick<Subscribed, "name" | "isSource">, found: FeedMessage): object {
  const { id, eventType, timestamp, payload, rawPayload, rawPayloadEncoding } = parseExact(
    feedMessageOut(found, false).text,
  ) as Row;
  const data = rawPayload === undefined ? payload : { rawPayload, rawPayloadEncoding };
  return { eventId: id, name, timestamp, data: isSource ? { eventType, payload: data } : data };
}

/** Refuses a webhook, because the operator does not let agents change anything. */
export function refuseWebhook(): never {
  const message =
    "Agents may only read on this server (POSTHORN_MCP), so events are read by events/poll and events/stream.";
  throw new RpcError(CODE.unsupported, message, { data: { feature: "deliveryMode", value: "webhook" } });
}

async function ask(
  caller: ToolCaller,
  operation: Operation,
  request: { readonly params?: Readonly<Record<string, string>>; readonly query?: Row },
): Promise<Row> {
  return (await perform(caller, operation, { params: {}, query: {}, body: {}, ...request })) as Row;
}

/** Errors of the API as those of the extension. @param missing Message for something that does not exist. */
export async function translated<T>(run: () => Promise<T>, missing?: string): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof ValidationError) throw new RpcError(CODE.params, error.issues.map(({ msg }) => msg).join(" "));
    if (!(error instanceof PosthornError) || error.status >= 500) throw error;
    if (error.status === 404) throw new RpcError(CODE.notFound, missing ?? error.message, { data: { kind: "event" } });
    if (error.status === 403) throw new RpcError(CODE.forbidden, error.message);
    throw error;
  }
}
