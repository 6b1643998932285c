import { forgetCatalogueEntry as forgetVerb } from "../../domain/catalogue/list.ts";
import { noContent } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const forgetCatalogueEntry = defineRoute({
  method: "DELETE",
  path: "/ingest/api/v1/source/:source_id/catalogue/:event_type",
  operationId: "v1.ingest.catalogue.delete",
  tag: "Catalogue",
  summary: "Delete the inferred schema of an event type",
  description: "Posthorn infers it again from new events. Stored events are not deleted.",
  access: "organisation",
  permission: "sources:write",
  responses: { 204: null },
  handle: async ({ ctx, params }) => {
    await forgetVerb({ ctx, input: { source: params.source_id, eventType: params.event_type } });
    return noContent();
  },
});
