/** Invites a listener: finds or creates its relay endpoint, and issues the ticket with which it connects once. */
import { randomBytes } from "node:crypto";
import { RELAY_KIND } from "../../destinations/kinds.ts";
import { SHARE_MODES, type ShareMode } from "../../destinations/kinds/relay.ts";
import { invalid, PosthornError } from "../../lib/errors.ts";
import { APPLICATION_KIND, type ApplicationKind } from "../../store/schema.ts";
import { requireAccess, requirePermission } from "../access.ts";
import type { Application } from "../application/application.ts";
import { getApplication } from "../application/find.ts";
import { hashToken } from "../auth/hash-token.ts";
import { atomically, type Call, type TransactionContext } from "../context.ts";
import { insertEndpoint } from "../endpoint/create.ts";
import { checkEventTypes, type Endpoint } from "../endpoint/endpoint.ts";
import { readFilter } from "../endpoint/filter.ts";
import { findEndpoint } from "../endpoint/find.ts";
import { flowJson, toFlow } from "../endpoint/flow.ts";
import { replayMissing } from "../replay/start.ts";
import { getSource } from "../source/find.ts";
import { definitionOfSource } from "../source/kind.ts";
import { resigningRefusal } from "../source/resigning.ts";
import { sourceIdOf } from "../source/source.ts";
import { deleteExpired } from "../../relay/sessions.ts";
import { type Backlog, backlogOf } from "./backlog.ts";

export interface OpenRelaySession {
  /** Application, or source. */
  readonly app: string;
  readonly name: string;
  readonly share: ShareMode;
  /** Chosen by the listener, and the same when it reconnects. */
  readonly clientId: string;
  /** Who listens, for people. */
  readonly clientName: string;
  /** Replaces another listener where only one is allowed. */
  readonly takeOver: boolean;
  /** Names, or prefixes that end with `.*`; `null`: all event types. */
  readonly eventTypes: readonly string[] | null;
  /** Filter as JSON; `null`: none. */
  readonly filter: string | null;
  /** Sends what was stored from this time on, Unix milliseconds, before the endpoint existed; `null`: nothing. */
  readonly since: number | null;
  /** Number of waiting deliveries to keep: the newest ones; `null`: all. */
  readonly keep: number | null;
  /** The listener gets renewed signatures of providers. */
  readonly resigns: boolean;
  /** A reconnection: settings and backlog of the endpoint stay as they are. */
  readonly isResumed: boolean;
}

export interface OpenedRelaySession {
  readonly id: string;
  readonly ticket: string;
  /** Unix milliseconds. */
  readonly ticketUntil: number;
  readonly endpoint: Endpoint;
  readonly isNewEndpoint: boolean;
  readonly backlog: Backlog;
}

const TICKET_MS = 60_000;
const TICKET_PREFIX = "relay_ticket_";

export function openRelaySession(call: Call<OpenRelaySession>): Promise<OpenedRelaySession> {
  return atomically(call, async ({ ctx, input }) => {
    const { endpoint, isNew } = await listenedEndpoint(ctx, input);
    const session = await insertSession(ctx, { ...input, ...placeOf(ctx, endpoint), listenTokenKey: null });
    return {
      ...session,
      endpoint,
      isNewEndpoint: isNew,
      backlog: await backlogOf(ctx.tx.db, endpoint.key, ctx.services.now()),
    };
  });
}

/** Settings that a listener requests for its endpoint. */
export type ListenedEndpoint = Omit<OpenRelaySession, "clientId" | "clientName" | "takeOver">;

/** Finds or creates the endpoint, with the settings that its listener asks for. Throws unless the caller may listen to it. */
export async function listenedEndpoint(
  ctx: TransactionContext,
  input: ListenedEndpoint,
): Promise<{ readonly endpoint: Endpoint; readonly isNew: boolean }> {
  requirePermission(ctx.actor, "payloads:read");
  if (input.since !== null && !input.isResumed)
    requireAccess(ctx.actor, { access: "CreateAttempts", permission: "messages:replay" });
  const application = await getApplication(ctx, input.app);
  const { kind } = await ctx.tx.db
    .selectFrom("application")
    .select("kind")
    .where("id", "=", application.key)
    .executeTakeFirstOrThrow();
  const inside = { ...ctx, applicationKind: kind as ApplicationKind };
  if (kind === APPLICATION_KIND.source) requirePermission(ctx.actor, "sources:write");
  if (input.resigns) await requireResigning(inside, application, kind);
  const { endpoint, isNew } = await endpointOf(inside, application, input);
  if (!input.isResumed || isNew) await settle(inside, application, endpoint, input);
  return { endpoint, isNew };
}

/** Throws unless the signatures of the source can be renewed, for a caller that may read secrets. */
async function requireResigning(ctx: TransactionContext, { id }: Application, kind: number): Promise<void> {
  if (kind !== APPLICATION_KIND.source)
    throw invalid(
      "resign",
      "Only requests of sources have signatures of a provider. Messages are signed when they are sent.",
    );
  requirePermission(ctx.actor, "secrets:read");
  const source = await getSource(ctx, sourceIdOf(id));
  const definition = definitionOfSource(source);
  const refusal = definition === null ? null : resigningRefusal(definition, source.config);
  if (refusal !== null) throw invalid("resign", refusal);
  ctx.audit?.fact("resign", true);
}

const uidOf = (name: string): string => `listen-${name}`;

async function endpointOf(
  ctx: TransactionContext,
  application: Application,
  { name, share }: ListenedEndpoint,
): Promise<{ readonly endpoint: Endpoint; readonly isNew: boolean }> {
  const existing = await findEndpoint(ctx, application, uidOf(name));
  if (existing !== null) {
    checkExisting(existing, name, share);
    return { endpoint: existing, isNew: false };
  }
  const endpoint = await insertEndpoint(ctx, application, {
    uid: uidOf(name),
    kind: RELAY_KIND,
    url: null,
    config: { name, share },
    description: `Listener ${name}`,
    version: 1,
    throttleRate: null,
    disabled: false,
    eventTypes: null,
    channels: null,
    metadata: {},
    secret: null,
    headers: {},
  });
  return { endpoint, isNew: true };
}

function checkExisting({ kind, disabled, config, id }: Endpoint, name: string, share: ShareMode): void {
  if (kind !== RELAY_KIND) {
    throw new PosthornError(
      "conflict",
      `The endpoint with the uid "${uidOf(name)}" has another kind. Use another name.`,
    );
  }
  if (disabled)
    throw new PosthornError("endpoint_disabled", `The endpoint ${id} is disabled. Enable it, or use another name.`);
  const current = shareOfConfig(config?.values["share"]);
  if (current === share) return;
  throw new PosthornError(
    "conflict",
    `Listeners with the name "${name}" share events as "${current}", not "${share}". Use another name, or delete the endpoint ${id}.`,
  );
}

/** The share mode in the configuration of a relay endpoint. @param value Its field `share`. */
export function shareOfConfig(value: unknown): ShareMode {
  return Object.values(SHARE_MODES).find((mode) => mode === value) ?? SHARE_MODES.all;
}

/** Applies what the listener asked for to its endpoint. */
async function settle(
  ctx: TransactionContext,
  application: Application,
  endpoint: Endpoint,
  { eventTypes, filter, since, keep }: ListenedEndpoint,
): Promise<void> {
  const { tx, services } = ctx;
  const exact = eventTypes?.filter((type) => !type.endsWith("*")) ?? [];
  const hasPatterns = eventTypes !== null && exact.length < eventTypes.length;
  await checkEventTypes(ctx, exact, endpoint.eventTypes);
  const whole = hasPatterns ? withPatterns(eventTypes, filter) : filter;
  if (whole !== null) readFilter(whole);
  const row = await tx.db
    .selectFrom("endpoint")
    .select("flow_json")
    .where("id", "=", endpoint.key)
    .executeTakeFirstOrThrow();
  const flow = toFlow(row.flow_json);
  const discardUpTo =
    keep === null ? flow.discardUpTo : ((await keyBeforeNewest(ctx, endpoint.key, keep)) ?? flow.discardUpTo);
  await tx.db
    .updateTable("endpoint")
    .set({
      event_types_json: eventTypes === null || hasPatterns ? null : JSON.stringify(eventTypes),
      filter_json: whole,
      forward_json: FORWARDED,
      flow_json: flowJson({ ...flow, discardUpTo }),
      updated_at: services.now(),
    })
    .where("id", "=", endpoint.key)
    .execute();
  tx.signal({ kind: "application", key: application.key });
  if (since !== null)
    await replayMissing({ ctx, input: { app: application.id, endpoint: endpoint.id, since, until: null } });
}

/** Requests that sources received keep their method, path and query. */
const FORWARDED = JSON.stringify({ method: true, path: true, query: true });

/** A filter for names and prefixes of event types, in addition to the given one. */
function withPatterns(eventTypes: readonly string[], filter: string | null): string | null {
  if (eventTypes.includes("*")) return filter;
  const clauses = eventTypes.map((type) =>
    type.endsWith("*") ? { eventType: { $startsWith: type.slice(0, -1) } } : { eventType: type },
  );
  const types = JSON.stringify({ $or: clauses });
  // As text, so that numbers of the filter keep their digits.
  return filter === null ? types : `{"$and":[${types},${filter}]}`;
}

/** The message key up to which waiting deliveries are discarded, so that this many of the newest stay; `null`: fewer wait. */
async function keyBeforeNewest(
  { tx, services }: TransactionContext,
  endpointKey: number,
  keep: number,
): Promise<number | null> {
  const row = await tx.db
    .selectFrom("delivery")
    .select("message_id")
    .where("endpoint_id", "=", endpointKey)
    .where("due", "is not", null)
    .where("due", "<=", services.now())
    .orderBy("message_id", "desc")
    .offset(keep)
    .limit(1)
    .executeTakeFirst();
  return row?.message_id ?? null;
}

function placeOf({ actor }: TransactionContext, { key: endpointKey, appKey }: Endpoint) {
  return { orgKey: actor.orgId, appKey, endpointKey };
}

/** A session of a listener that may connect. */
export interface NewRelaySession extends Pick<OpenRelaySession, "clientId" | "clientName" | "takeOver" | "resigns"> {
  readonly orgKey: number;
  readonly appKey: number;
  readonly endpointKey: number;
  /** The token that it connects with; `null`: it was invited over the API. */
  readonly listenTokenKey: number | null;
}

/** Stores a session, and returns the ticket with which it connects once. */
export async function insertSession(
  { tx, services }: Pick<TransactionContext, "tx" | "services">,
  session: NewRelaySession,
): Promise<Pick<OpenedRelaySession, "id" | "ticket" | "ticketUntil">> {
  const { clientId, clientName, takeOver, resigns } = session;
  const ticket = `${TICKET_PREFIX}${randomBytes(32).toString("base64url")}`;
  const { key, id } = services.ids.next("relay_");
  const now = services.now();
  const ticketUntil = now + TICKET_MS;
  await deleteExpired(tx, now);
  await tx.db
    .insertInto("relay_session")
    .values({
      id: key,
      public_id: id,
      org_id: session.orgKey,
      app_id: session.appKey,
      endpoint_id: session.endpointKey,
      client_id: clientId,
      client_name: clientName,
      takes_over: takeOver ? 1 : 0,
      resigns: resigns ? 1 : 0,
      ticket_hash: hashToken(ticket),
      ticket_until: ticketUntil,
      node_id: null,
      transport: null,
      connected_at: null,
      lease_until: 0,
      created_at: now,
      listen_token_id: session.listenTokenKey,
    })
    .execute();
  return { id, ticket, ticketUntil };
}
