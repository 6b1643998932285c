/** Routes of REST hooks, in the form that the connectors of Zapier, n8n and Make expect. */
import { type Static, Type } from "typebox";
import { createRestHook, deleteRestHook, restHookSamples } from "../../domain/subscription/rest-hook.ts";
import { getSubscription, listSubscriptions, type Subscription } from "../../domain/subscription/subscription.ts";
import { createHookToken, type HookToken, listHookTokens, revokeHookToken } from "../../domain/subscription/token.ts";
import { invalid } from "../../lib/errors.ts";
import { pageOf } from "../inputs.ts";
import { Name, PageQuery } from "../models/common.ts";
import {
  RestHookIn,
  RestHookList,
  RestHookOut,
  RestHookSamples,
  RestHookTokenIn,
  RestHookTokenList,
  RestHookTokenOut,
  UrlSearch,
} from "../models/subscription.ts";
import { created, JsonText, list, noContent, ok } from "../reply.ts";
import { defineRoute, type Route } from "../route.ts";
import { dateTime, dateTimeOrNull } from "../wire.ts";

const PATH = "/api/v1/app/:app_id/rest-hook";
const TAG = "REST hook";

function hookOut({ id, endpoint, createdAt }: Subscription): object {
  const { url: targetUrl, eventTypes, channels, description, id: endpointId, disabled } = endpoint;
  const state = disabled ? "disabled" : "active";
  return { id, targetUrl, eventTypes, channels, description, endpointId, state, createdAt: dateTime(createdAt) };
}

function urlOf({ targetUrl, target_url, hookUrl, hook_url }: Static<typeof RestHookIn>): string {
  const given = [targetUrl, target_url, hookUrl, hook_url].filter((url) => url !== undefined);
  if (given.length === 1) return given[0]!;
  if (given.length === 0) throw invalid("targetUrl", "This field is required.", "value_error.jsondecode");
  throw invalid("targetUrl", "Set one of targetUrl, target_url, hookUrl and hook_url.");
}

function eventTypesOf({ event, eventTypes }: Static<typeof RestHookIn>): readonly string[] | null {
  if (event !== undefined && eventTypes !== undefined) throw invalid("event", "Set either event or eventTypes.");
  if (event !== undefined) return [event];
  return eventTypes === undefined || eventTypes.length === 0 ? null : eventTypes;
}

const refOf = (params: { readonly app_id: string; readonly hook_id: string }) => ({
  app: params.app_id,
  subscription: params.hook_id,
});

const createHook = defineRoute({
  method: "POST",
  path: PATH,
  operationId: "v1.rest-hook.create",
  tag: TAG,
  summary: "Subscribe a URL",
  description:
    "Keep the `id` to unsubscribe. A URL that responds with 410 Gone is unsubscribed, and its deliveries are retried like those of any endpoint.",
  access: "hooks",
  permission: "endpoints:write",
  idempotency: "claim",
  body: RestHookIn,
  responses: { 201: RestHookOut },
  handle: async ({ ctx, params, body }) => {
    const { channels = null, description = "", handshake = false } = body;
    const input = {
      app: params.app_id,
      url: urlOf(body),
      eventTypes: eventTypesOf(body),
      channels: channels?.length === 0 ? null : channels,
      description,
      handshake,
    };
    return created(hookOut(await createRestHook({ ctx, input })));
  },
});

const listHooks = defineRoute({
  method: "GET",
  path: PATH,
  operationId: "v1.rest-hook.list",
  tag: TAG,
  summary: "List REST hooks",
  description: "Pages through the URLs subscribed through REST hooks.",
  access: "hooks",
  permission: "read",
  query: Type.Object({ ...PageQuery, search: UrlSearch }),
  responses: { 200: RestHookList },
  handle: async ({ ctx, params, query }) => {
    const search = query.search ?? null;
    const input = { ...pageOf(query), app: params.app_id, protocol: "rest-hook", topicKey: null, search } as const;
    return list(await listSubscriptions(ctx, input), ({ id }) => id, hookOut);
  },
});

const samples = defineRoute({
  method: "GET",
  path: `${PATH}/sample`,
  operationId: "v1.rest-hook.sample",
  tag: TAG,
  summary: "Get sample payloads",
  description:
    "A bare list of the newest payloads, in the form in which they are delivered, for `performList` of Zapier. Without messages, the example of the event type.",
  access: "hooks",
  permission: "payloads:read",
  query: Type.Object({
    event: Type.Optional(Name),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10, default: 3 })),
  }),
  responses: { 200: RestHookSamples },
  handle: async ({ ctx, params, query }) => {
    const input = { app: params.app_id, eventType: query.event ?? null, limit: query.limit ?? 3 };
    return ok(new JsonText(`[${(await restHookSamples({ ctx, input })).join(",")}]`));
  },
});

const getHook = defineRoute({
  method: "GET",
  path: `${PATH}/:hook_id`,
  operationId: "v1.rest-hook.get",
  tag: TAG,
  summary: "Get a REST hook",
  description: "Returns the target URL, the event types and the state.",
  access: "hooks",
  permission: "read",
  responses: { 200: RestHookOut },
  handle: async ({ ctx, params }) => {
    const found = await getSubscription(ctx, { ...refOf(params), protocol: "rest-hook" });
    return ok(hookOut(found.subscription));
  },
});

const deleteHook = defineRoute({
  method: "DELETE",
  path: `${PATH}/:hook_id`,
  operationId: "v1.rest-hook.delete",
  tag: TAG,
  summary: "Unsubscribe a URL",
  description: "Pending deliveries are canceled. 404: it was already unsubscribed.",
  access: "hooks",
  permission: "endpoints:write",
  responses: { 204: null },
  handle: async ({ ctx, params }) => {
    await deleteRestHook({ ctx, input: refOf(params) });
    return noContent();
  },
});

const TOKEN_PATH = "/api/v1/app/:app_id/rest-hook-token";

function tokenOut({ id, token, tokenEnd, createdAt, expiresAt }: HookToken): object {
  const times = { createdAt: dateTime(createdAt), expiresAt: dateTimeOrNull(expiresAt) };
  return { id, token, tokenCensored: `sk_hook_…${tokenEnd}`, ...times };
}

const createToken = defineRoute({
  method: "POST",
  path: TOKEN_PATH,
  operationId: "v1.rest-hook.token.create",
  tag: TAG,
  summary: "Create a token for REST hooks",
  description:
    "For users who connect an automation platform. The token can only manage the REST hooks of this application. It is shown once.",
  access: "ManageEndpoint",
  permission: "endpoints:write",
  body: RestHookTokenIn,
  responses: { 201: RestHookTokenOut },
  handle: async ({ ctx, params, body }) => {
    const expiresAt = body.expiry ? ctx.services.now() + body.expiry * 1000 : null;
    return created(tokenOut(await createHookToken({ ctx, input: { app: params.app_id, expiresAt } })));
  },
});

const listTokens = defineRoute({
  method: "GET",
  path: TOKEN_PATH,
  operationId: "v1.rest-hook.token.list",
  tag: TAG,
  summary: "List tokens for REST hooks",
  description: "Returns the tokens in censored form. They cannot be shown again.",
  access: "ManageEndpoint",
  permission: "read",
  responses: { 200: RestHookTokenList },
  handle: async ({ ctx, params }) =>
    ok({ data: (await listHookTokens({ ctx, input: { app: params.app_id } })).map(tokenOut) }),
});

const revokeToken = defineRoute({
  method: "DELETE",
  path: `${TOKEN_PATH}/:token_id`,
  operationId: "v1.rest-hook.token.delete",
  tag: TAG,
  summary: "Revoke a token for REST hooks",
  description: "REST hooks created with it are kept.",
  access: "ManageEndpoint",
  permission: "endpoints:write",
  responses: { 204: null },
  handle: async ({ ctx, params }) => {
    await revokeHookToken({ ctx, input: { app: params.app_id, token: params.token_id } });
    return noContent();
  },
});

export const REST_HOOK_ROUTES: readonly Route[] = [
  createHook,
  listHooks,
  samples,
  getHook,
  deleteHook,
  createToken,
  listTokens,
  revokeToken,
];
