/** Routes of the consent page, and of the clients that people connected. Their handlers are loaded when the first one is called. */
import { Type } from "typebox";
import { onFirstUse } from "../../lib/first-use.ts";
import { pageOf } from "../inputs.ts";
import { PageQuery } from "../models/common.ts";
import {
  AuthorizationQuery,
  ClientConsentOut,
  ClientDecisionIn,
  ClientDecisionOut,
  ConnectedClientList,
} from "../models/connected-client.ts";
import { defineRoute, type Route } from "../route.ts";

const handlers = onFirstUse(() => import("./handlers.ts"));

/** For operations on the caller's own connections, regardless of the applications that the caller is limited to. */
const OWN = { tag: "Users", access: "organisation", permission: "read", filtersApplications: true } as const;

export const CONNECTED_CLIENT_ROUTES: readonly Route[] = [
  defineRoute({
    ...OWN,
    method: "GET",
    path: "/api/v1/connected-client/authorization",
    operationId: "v1.connected-client.get-authorization",
    summary: "Get a client that asks for access",
    description: "What the consent page shows before a user connects an MCP client.",
    query: Type.Object({ request: AuthorizationQuery }),
    responses: { 200: ClientConsentOut },
    handle: async ({ ctx, query }) => (await handlers()).consent(ctx, query.request),
  }),
  defineRoute({
    ...OWN,
    method: "POST",
    path: "/api/v1/connected-client/authorization",
    operationId: "v1.connected-client.authorize",
    summary: "Approve or refuse a client",
    description:
      "An approved client gets tokens for the MCP endpoint with your rights, as far as you let it use them. It is listed among the connected clients.",
    idempotency: "none",
    body: ClientDecisionIn,
    responses: { 200: ClientDecisionOut },
    handle: async ({ ctx, body }) => (await handlers()).decideClient(ctx, body),
  }),
  defineRoute({
    ...OWN,
    method: "GET",
    path: "/api/v1/connected-client",
    operationId: "v1.connected-client.list",
    summary: "List connected clients",
    description:
      "MCP clients that you connected with OAuth, newest first. With the permission `people:manage`, those of all users of the organisation.",
    query: Type.Object(PageQuery),
    responses: { 200: ConnectedClientList },
    handle: async ({ ctx, query }) => (await handlers()).connectedClients(ctx, pageOf(query)),
  }),
  defineRoute({
    ...OWN,
    method: "DELETE",
    path: "/api/v1/connected-client/:connected_client_id",
    operationId: "v1.connected-client.revoke",
    summary: "Revoke the access of a connected client",
    description: "All its tokens are rejected at once, on all nodes. The client has to be connected again.",
    responses: { 204: null },
    handle: async ({ ctx, params }) => (await handlers()).revokeClient(ctx, params.connected_client_id),
  }),
];
