/** Routes of listen tokens. */
import {
  createListenToken,
  LISTEN_TOKEN_PREFIX,
  type ListenToken,
  listListenTokens,
  revokeListenToken,
} from "../../domain/relay/listen-token.ts";
import { memberText } from "../filter/text.ts";
import { ListenTokenCreated, ListenTokenIn, ListenTokenList } from "../models/relay.ts";
import { created, noContent, ok } from "../reply.ts";
import { defineRoute, type Route } from "../route.ts";
import { dateTime } from "../wire.ts";

const PATH = "/api/v1/app/:app_id/relay/token";
const TAG = "Relay";
const DEFAULT_EXPIRY = 604_800;

function tokenOut({ tokenEnd, createdAt, expiresAt, ...token }: ListenToken): object {
  const times = { createdAt: dateTime(createdAt), expiresAt: dateTime(expiresAt) };
  return { ...token, tokenCensored: `${LISTEN_TOKEN_PREFIX}…${tokenEnd}`, ...times };
}

const createToken = defineRoute({
  method: "POST",
  path: PATH,
  operationId: "v1.relay.token.create",
  tag: TAG,
  summary: "Create a listen token",
  description:
    "For listeners that cannot send an API key. A listener that presents the token at `GET /api/v1/listen/` receives the events of the relay endpoint with this name, which is created if there is none. An endpoint that exists keeps its event types and its filter unless the request has one of them, which replaces both. The token ends when it expires or is revoked, with its endpoint, and with the access of its creator. It is shown only in this response. The operator of the server has to allow listen tokens.",
  access: "ManageEndpoint",
  permission: "endpoints:write",
  body: ListenTokenIn,
  responses: { 201: ListenTokenCreated },
  handle: async ({ ctx, params, body, rawBody }) => {
    const input = {
      app: params.app_id,
      name: body.name,
      share: body.share ?? "all",
      eventTypes: body.eventTypes ?? null,
      filter: body.filter === undefined ? null : memberText(rawBody, "filter"),
      hasSelection: body.eventTypes !== undefined || body.filter !== undefined,
      expiresAt: ctx.services.now() + (body.expiry ?? DEFAULT_EXPIRY) * 1000,
    };
    const { token, ...shown } = await createListenToken({ ctx, input });
    return created({ ...tokenOut(shown), token });
  },
});

const listTokens = defineRoute({
  method: "GET",
  path: PATH,
  operationId: "v1.relay.token.list",
  tag: TAG,
  summary: "List listen tokens",
  description: "Returns the listen tokens of an application or a source in censored form. They cannot be shown again.",
  access: "ViewBase",
  permission: "read",
  responses: { 200: ListenTokenList },
  handle: async ({ ctx, params }) =>
    ok({ data: (await listListenTokens({ ctx, input: { app: params.app_id } })).map(tokenOut) }),
});

const revokeToken = defineRoute({
  method: "DELETE",
  path: `${PATH}/:listen_token_id`,
  operationId: "v1.relay.token.delete",
  tag: TAG,
  summary: "Revoke a listen token",
  description: "It stops working on all nodes at once, and its listeners are disconnected. Their endpoint is kept.",
  access: "ManageEndpoint",
  permission: "endpoints:write",
  responses: { 204: null },
  handle: async ({ ctx, params }) => {
    await revokeListenToken({ ctx, input: { app: params.app_id, token: params.listen_token_id } });
    return noContent();
  },
});

export const LISTEN_TOKEN_ROUTES: readonly Route[] = [createToken, listTokens, revokeToken];
