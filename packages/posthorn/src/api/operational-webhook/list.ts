import { Type } from "typebox";
import { listEndpoints } from "../../domain/endpoint/list.ts";
import { hasOperationalApplication } from "../../domain/operational/application.ts";
import { OPERATIONAL_UID, operational } from "../../domain/operational/operational.ts";
import { pageOf } from "../inputs.ts";
import { OrderQuery, PageQuery } from "../models/common.ts";
import { OperationalWebhookEndpointList } from "../models/operational-webhook.ts";
import { list } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { operationalEndpointOut } from "../wire.ts";

export const listOperationalEndpoints = defineRoute({
  method: "GET",
  path: "/api/v1/operational-webhook/endpoint",
  operationId: "v1.operational-webhook.endpoint.list",
  tag: "Operational Webhook",
  summary: "List operational webhook endpoints",
  description: "Pages through the endpoints that receive operational webhooks.",
  access: "organisation",
  permission: "read",
  query: Type.Object({ ...PageQuery, ...OrderQuery }),
  responses: { 200: OperationalWebhookEndpointList },
  handle: async ({ ctx, query }) => {
    const input = { ...pageOf(query), app: OPERATIONAL_UID, order: query.order ?? "descending" };
    const page = (await hasOperationalApplication(ctx))
      ? await listEndpoints({ ctx: operational(ctx), input })
      : { rows: [], done: true };
    return list(page, (row) => row.id, operationalEndpointOut);
  },
});
