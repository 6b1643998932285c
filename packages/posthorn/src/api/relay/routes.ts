/** Routes of listeners: sessions, and connected listeners. */
import { requirePermission } from "../../domain/access.ts";
import { disconnectListener, listListeners } from "../../domain/relay/listeners.ts";
import { openRelaySession } from "../../domain/relay/open.ts";
import { getApplication } from "../../domain/application/find.ts";
import { invalid, notFound } from "../../lib/errors.ts";
import { keyOfId } from "../../lib/id.ts";
import { type ClientFrame, FrameError, readClientFrame } from "../../relay/frames.ts";
import { memberText } from "../filter/text.ts";
import { RelayFramesIn, RelayListenerList, RelaySessionIn, RelaySessionOut } from "../models/relay.ts";
import { created, noContent, ok } from "../reply.ts";
import { defineRoute, type Route } from "../route.ts";
import { dateTime, toMs } from "../wire.ts";

export const RELAY_SESSION_PATH = "/api/v1/app/:app_id/relay/session";

const createSession = defineRoute({
  method: "POST",
  path: RELAY_SESSION_PATH,
  operationId: "v1.relay.session.create",
  tag: "Relay",
  summary: "Invite a listener",
  description:
    "Finds or creates the relay endpoint with this name, and returns a ticket for `GET /api/v1/relay/socket` or `GET /api/v1/relay/stream`. `app_id` is an application or a source. `posthorn listen` calls it.",
  access: "ManageEndpoint",
  permission: "endpoints:write",
  body: RelaySessionIn,
  responses: { 201: RelaySessionOut },
  handle: async ({ ctx, params, body, rawBody }) => {
    const input = {
      app: params.app_id,
      name: body.name,
      share: body.share ?? "all",
      clientId: body.clientId,
      clientName: body.clientName ?? body.name,
      takeOver: body.takeOver ?? false,
      eventTypes: body.eventTypes ?? null,
      filter: body.filter === undefined ? null : memberText(rawBody, "filter"),
      since: toMs(body.since ?? undefined),
      keep: body.backlog ?? null,
      resigns: body.resign ?? false,
      isResumed: body.resume ?? false,
    };
    const { id, ticket, ticketUntil, endpoint, isNewEndpoint, backlog } = await openRelaySession({ ctx, input });
    return created({
      id,
      ticket,
      ticketExpiresAt: dateTime(ticketUntil),
      endpointId: endpoint.id,
      endpointUid: endpoint.uid,
      createdEndpoint: isNewEndpoint,
      backlog: backlog.count,
      backlogExact: backlog.isExact,
    });
  },
});

const sendFrames = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/relay/session/:session_id/frame",
  operationId: "v1.relay.session.send",
  tag: "Relay",
  summary: "Send frames of a listener",
  description:
    "For listeners with an event stream, which can only receive: acknowledgements and responses, in the form of the WebSocket.",
  access: "ManageEndpoint",
  permission: "endpoints:write",
  idempotency: "none",
  large: true,
  body: RelayFramesIn,
  responses: { 204: null },
  audit: "none",
  handle: async ({ ctx, params, body }) => {
    requirePermission(ctx.actor, "payloads:read");
    const { key: appKey } = await getApplication(ctx, params.app_id);
    const frames = body.frames.map(readFrame);
    const session = await ctx.services.store.db
      .selectFrom("relay_session")
      .selectAll()
      .where("id", "=", keyOfId("relay_", params.session_id) ?? -1)
      .where("public_id", "=", params.session_id)
      .where("app_id", "=", appKey)
      .where("lease_until", ">", ctx.services.now())
      .executeTakeFirst();
    if (session === undefined) throw notFound("connected listener");
    for (const frame of frames)
      if (!(await ctx.services.relay.receive(session, frame))) throw notFound("connected listener");
    return noContent();
  },
});

function readFrame(text: string, index: number): ClientFrame {
  try {
    return readClientFrame(text);
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    throw invalid(["body", "frames", `[${index}]`], error.message);
  }
}

const listOfEndpoint = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/endpoint/:endpoint_id/relay/listener",
  operationId: "v1.relay.listener.list",
  tag: "Relay",
  summary: "List the listeners of an endpoint",
  description: "The listeners that are connected now, to any node; the earliest first.",
  access: "ViewBase",
  permission: "read",
  responses: { 200: RelayListenerList },
  handle: async ({ ctx, params }) => {
    const listeners = await listListeners({ ctx, input: { app: params.app_id, endpoint: params.endpoint_id } });
    const data = listeners.map(({ connectedAt, ...listener }) => ({ ...listener, connectedAt: dateTime(connectedAt) }));
    return ok({ data });
  },
});

const disconnect = defineRoute({
  method: "DELETE",
  path: "/api/v1/app/:app_id/endpoint/:endpoint_id/relay/listener/:listener_id",
  operationId: "v1.relay.listener.disconnect",
  tag: "Relay",
  summary: "Disconnect a listener",
  description: "The listener is notified and does not reconnect by itself. Deliveries wait for the next listener.",
  access: "ManageEndpoint",
  permission: "endpoints:write",
  responses: { 204: null },
  handle: async ({ ctx, params }) => {
    const input = { app: params.app_id, endpoint: params.endpoint_id, listener: params.listener_id };
    await disconnectListener({ ctx, input });
    return noContent();
  },
});

export const RELAY_ROUTES: readonly Route[] = [createSession, sendFrames, listOfEndpoint, disconnect];
