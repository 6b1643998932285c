/** Routes of subscriptions that receivers complete themselves. */
import { Type } from "typebox";
import {
  type CreatedAutoConfig,
  createAutoConfig as createVerb,
  type AutoConfigState,
  deleteAutoConfig as deleteVerb,
  getAutoConfig as getVerb,
  listAutoConfigs as listVerb,
  rotateAutoConfig as rotateVerb,
  subscribeDestination as destinationVerb,
  subscribeEndpoint as endpointVerb,
} from "../../domain/auto-config/auto-config.ts";
import { POLLING_KIND } from "../../destinations/kinds.ts";
import { destinationInput, destinationOut } from "../destination/wire.ts";
import { endpointInput, pageOf } from "../inputs.ts";
import { AutoConfigList, AutoConfigOut, AutoConfigRotateIn, AutoConfigSubscriptionOut } from "../models/auto-config.ts";
import { PageQuery } from "../models/common.ts";
import { DestinationIn, DestinationOut } from "../models/destination.ts";
import { EndpointIn, EndpointOut } from "../models/endpoint.ts";
import { list, noContent, ok } from "../reply.ts";
import { defineRoute, type Route } from "../route.ts";
import { dateTime, endpointOut } from "../wire.ts";

const refOf = (params: { readonly app_id: string; readonly autoconfig_id: string }) => ({
  app: params.app_id,
  autoConfig: params.autoconfig_id,
});

function createdOut({ createdAt, ...rest }: CreatedAutoConfig): object {
  return { ...rest, createdAt: dateTime(createdAt) };
}

function subscriptionOut({ id, createdAt, endpoint, tokenEnd }: AutoConfigState): object {
  const isPulled = endpoint?.kind === POLLING_KIND;
  return {
    id,
    tokenCensored: `sk_auto_…${tokenEnd}`,
    status: endpoint === null ? "pending" : "active",
    endpId: endpoint === null || isPulled ? null : endpoint.id,
    destId: isPulled ? endpoint.id : null,
    createdAt: dateTime(createdAt),
  };
}

const createAutoConfig = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/autoconfig",
  operationId: "v1.autoconfig.create",
  tag: "Auto-configuration",
  summary: "Create a subscription for a receiver to complete",
  description:
    "Returns a token for the receiver, who registers a URL with it or pulls the messages. The token contains the public URL of this server.",
  access: "ManageEndpoint",
  permission: "endpoints:write",
  responses: { 200: AutoConfigOut },
  handle: async ({ ctx, params }) => ok(createdOut(await createVerb({ ctx, input: { app: params.app_id } }))),
});

const getAutoConfig = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/autoconfig/:autoconfig_id",
  operationId: "v1.autoconfig.get",
  tag: "Auto-configuration",
  summary: "Get a subscription",
  description:
    "Returns the state of the subscription, and the endpoint or destination that was created with its token.",
  access: "subscribe",
  permission: "read",
  responses: { 200: AutoConfigSubscriptionOut },
  handle: async ({ ctx, params }) => ok(subscriptionOut(await getVerb({ ctx, input: refOf(params) }))),
});

const listAutoConfigs = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/autoconfig",
  operationId: "v1.autoconfig.list",
  tag: "Auto-configuration",
  summary: "List subscriptions",
  description: "Newest first.",
  access: "ManageEndpoint",
  permission: "read",
  query: Type.Object(PageQuery),
  responses: { 200: AutoConfigList },
  handle: async ({ ctx, params, query }) => {
    const input = { ...pageOf(query), app: params.app_id };
    return list(await listVerb({ ctx, input }), ({ id }) => id, subscriptionOut);
  },
});

const rotateAutoConfig = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/autoconfig/:autoconfig_id/rotate",
  operationId: "v1.autoconfig.rotate",
  tag: "Auto-configuration",
  summary: "Replace the token and the signing secret of a subscription",
  description: "The earlier ones stay valid until the grace period ends, so receivers can switch without downtime.",
  access: "ManageEndpointSecret",
  permission: "endpoints:write",
  body: AutoConfigRotateIn,
  responses: { 200: AutoConfigOut },
  handle: async ({ ctx, params, body }) => {
    const { key = null, gracePeriodSeconds = null } = body.signingSecret ?? {};
    const input = { ...refOf(params), secret: key, gracePeriodSeconds };
    return ok(createdOut(await rotateVerb({ ctx, input })));
  },
});

const deleteAutoConfig = defineRoute({
  method: "DELETE",
  path: "/api/v1/app/:app_id/autoconfig/:autoconfig_id",
  operationId: "v1.autoconfig.delete",
  tag: "Auto-configuration",
  summary: "Revoke the token of a subscription",
  description: "The endpoint registered with it is kept.",
  access: "ManageEndpoint",
  permission: "endpoints:write",
  responses: { 204: null },
  handle: async ({ ctx, params }) => {
    await deleteVerb({ ctx, input: refOf(params) });
    return noContent();
  },
});

const subscribeDestination = defineRoute({
  method: "PUT",
  path: "/api/v1/app/:app_id/autoconfig/:autoconfig_id/destination",
  operationId: "v1.autoconfig.subscribe-destination",
  tag: "Auto-configuration",
  summary: "Complete a subscription with a polling endpoint",
  description: "Repeating the call changes which messages the endpoint receives.",
  access: "subscribe",
  permission: "endpoints:write",
  body: DestinationIn,
  responses: { 200: DestinationOut },
  handle: async ({ ctx, params, body }) => {
    const input = { ...refOf(params), fields: destinationInput(body) };
    return ok(destinationOut(await destinationVerb({ ctx, input })));
  },
});

const subscribeEndpoint = defineRoute({
  method: "PUT",
  path: "/api/v1/app/:app_id/autoconfig/:autoconfig_id/endpoint",
  operationId: "v1.autoconfig.subscribe-endpoint",
  tag: "Auto-configuration",
  summary: "Complete a subscription with a URL",
  description: "Its deliveries are signed with the secret in the token. Repeating it changes the endpoint.",
  access: "subscribe",
  permission: "endpoints:write",
  body: EndpointIn,
  responses: { 200: EndpointOut },
  handle: async ({ ctx, params, body }) => {
    const input = { ...refOf(params), fields: endpointInput(body), headers: body.headers ?? {} };
    return ok(endpointOut(await endpointVerb({ ctx, input })));
  },
});

export const AUTO_CONFIG_ROUTES: readonly Route[] = [
  createAutoConfig,
  listAutoConfigs,
  getAutoConfig,
  rotateAutoConfig,
  deleteAutoConfig,
  subscribeDestination,
  subscribeEndpoint,
];
