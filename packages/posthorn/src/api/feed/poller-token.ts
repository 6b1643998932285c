/** Routes of the token that reads the feed of one endpoint. */
import { requirePermission } from "../../domain/access.ts";
import {
  currentToken,
  issueToken,
  revokeTokens,
  type ScopedToken,
  validTokens,
} from "../../domain/auth/scoped-token.ts";
import { atomically, reader } from "../../domain/context.ts";
import { getEndpoint } from "../../domain/endpoint/find.ts";
import { ApiTokenOut, PollerTokenList, RotatePollerTokenIn } from "../models/auto-config.ts";
import { created, noContent, ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { dateTime, dateTimeOrNull } from "../wire.ts";

const GRACE_SECONDS = 86_400;

function idOf(key: number): string {
  return `sktok_${key.toString(36)}`;
}

function tokenOut({ key, token, createdAt, expiresAt }: ScopedToken, endpoint: string): object {
  return {
    id: idOf(key),
    token,
    name: null,
    createdAt: dateTime(createdAt),
    expiresAt: dateTimeOrNull(expiresAt),
    scopes: [`pull:${endpoint}`],
  };
}

export const getPollerToken = defineRoute({
  method: "GET",
  path: "/api/v1/auth/app/:app_id/poller/:endpoint_id/token",
  operationId: "v1.authentication.get-poller-token",
  tag: "Authentication",
  summary: "Get the token that reads the feed of an endpoint",
  description: "The token can be used for nothing else. It is created by the first call.",
  access: "ManageEndpointSecret",
  permission: "secrets:read",
  responses: { 200: ApiTokenOut },
  handle: async ({ ctx, params }) => {
    requirePermission(ctx.actor, "payloads:read");
    const input = { app: params.app_id, endpoint: params.endpoint_id };
    const { endpoint, token } = await atomically({ ctx, input }, async ({ ctx: inside }) => {
      const found = await getEndpoint(inside, input);
      const scope = { endpointKey: found.endpoint.key, autoConfigKey: null };
      const current = await currentToken(inside, inside.tx.db, scope);
      const owner = { appKey: found.application.key, ...scope };
      return { ...found, token: current ?? (await issueToken(inside, inside.tx, owner, { graceMs: 0 })) };
    });
    return ok(tokenOut(token, endpoint.id));
  },
});

export const listPollerTokens = defineRoute({
  method: "GET",
  path: "/api/v1/auth/app/:app_id/poller/:endpoint_id/token/list",
  operationId: "v1.authentication.list-poller-tokens",
  tag: "Authentication",
  summary: "List the tokens that read the feed of an endpoint",
  description: "The valid tokens: the current one, and earlier ones until their grace period ends. Creates no token.",
  access: "ManageEndpointSecret",
  permission: "secrets:read",
  responses: { 200: PollerTokenList },
  handle: async ({ ctx, params }) => {
    requirePermission(ctx.actor, "payloads:read");
    const { endpoint } = await getEndpoint(ctx, { app: params.app_id, endpoint: params.endpoint_id });
    const scope = { endpointKey: endpoint.key, autoConfigKey: null };
    const tokens = await validTokens(ctx, reader(ctx), scope);
    const data = tokens.map(({ key, token, createdAt, expiresAt }, index) => ({
      id: idOf(key),
      tokenCensored: `sk_poll_…${token.slice(-4)}`,
      isCurrent: index === 0,
      createdAt: dateTime(createdAt),
      expiresAt: dateTimeOrNull(expiresAt),
    }));
    return ok({ data });
  },
});

export const rotatePollerToken = defineRoute({
  method: "POST",
  path: "/api/v1/auth/app/:app_id/poller/:endpoint_id/token/rotate",
  operationId: "v1.authentication.rotate-poller-token",
  tag: "Authentication",
  summary: "Replace the token that reads the feed of an endpoint",
  description: "Earlier tokens stay valid for a day, or for `oldTokenExpiry`.",
  access: "ManageEndpointSecret",
  permission: "endpoints:write",
  body: RotatePollerTokenIn,
  responses: { 201: ApiTokenOut },
  handle: async ({ ctx, params, body }) => {
    const input = { app: params.app_id, endpoint: params.endpoint_id };
    const { endpoint, token } = await atomically({ ctx, input }, async ({ ctx: inside }) => {
      const found = await getEndpoint(inside, input);
      const owner = { appKey: found.application.key, endpointKey: found.endpoint.key, autoConfigKey: null };
      const expiresAt = body.expiry ? ctx.services.now() + body.expiry * 1000 : null;
      const graceMs = (body.oldTokenExpiry ?? GRACE_SECONDS) * 1000;
      return { ...found, token: await issueToken(inside, inside.tx, owner, { graceMs, expiresAt }) };
    });
    return created(tokenOut(token, endpoint.id));
  },
});

export const revokePollerToken = defineRoute({
  method: "DELETE",
  path: "/api/v1/auth/app/:app_id/poller/:endpoint_id/token",
  operationId: "v1.authentication.revoke-poller-token",
  tag: "Authentication",
  summary: "Revoke the tokens that read the feed of an endpoint",
  description: "Earlier tokens in their grace period are revoked as well. Getting the token again creates a new one.",
  access: "ManageEndpointSecret",
  permission: "endpoints:write",
  responses: { 204: null },
  handle: async ({ ctx, params }) => {
    const input = { app: params.app_id, endpoint: params.endpoint_id };
    await atomically({ ctx, input }, async ({ ctx: inside }) => {
      const { endpoint } = await getEndpoint(inside, input);
      await revokeTokens(inside.tx, { endpointKey: endpoint.key, autoConfigKey: null });
    });
    return noContent();
  },
});
