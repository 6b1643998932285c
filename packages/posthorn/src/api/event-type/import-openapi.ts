import { importOpenApi as importVerb } from "../../domain/event-type/import-openapi.ts";
import { EventTypeImportOpenApiIn, EventTypeImportOpenApiOut } from "../models/event-type-import.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const importOpenApi = defineRoute({
  method: "POST",
  path: "/api/v1/event-type/import/openapi",
  operationId: "v1.event-type.import-openapi",
  tag: "Event Type",
  summary: "Import event types from an OpenAPI document",
  description:
    "Creates one event type for each webhook under `webhooks` (OpenAPI 3.1) or `x-webhooks`, with its description, the schema of its body as version 1, and examples. If one of them is invalid, none is imported. `dryRun` reports the changes without making them.",
  access: "organisation",
  permission: "event-types:write",
  // Reading the document waits for a worker thread, which is not allowed in a write transaction.
  idempotency: "claim",
  large: true,
  body: EventTypeImportOpenApiIn,
  responses: { 200: EventTypeImportOpenApiOut },
  handle: async ({ ctx, body, rawBody }) => {
    const dryRun = body.dryRun ?? false;
    const input = {
      request: rawBody,
      spec: body.spec ?? null,
      specRaw: body.specRaw ?? null,
      dryRun,
      replaceAll: body.replaceAll ?? false,
    };
    const { toModify, archived, unchanged } = await importVerb({ ctx, input });
    const names = toModify.map(({ name }) => name);
    const details = toModify.map(({ archived: _archived, ...eventType }) => eventType);
    return ok({
      data: { modified: [...names, ...archived], to_modify: dryRun ? details : null, archived, unchanged },
    });
  },
});
