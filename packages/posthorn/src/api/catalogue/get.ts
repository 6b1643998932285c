import { getCatalogueEntry as getVerb } from "../../domain/catalogue/list.ts";
import { CatalogueEntryDetailOut } from "../models/catalogue.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { catalogueDetailOut } from "./wire.ts";

export const getCatalogueEntry = defineRoute({
  method: "GET",
  path: "/ingest/api/v1/source/:source_id/catalogue/:event_type",
  operationId: "v1.ingest.catalogue.get",
  tag: "Catalogue",
  summary: "Get the inferred schema of an event type and its changes",
  description:
    "Returns the schema that Posthorn inferred from the payloads, with each change and when it was first seen.",
  access: "organisation",
  permission: "read",
  responses: { 200: CatalogueEntryDetailOut },
  handle: async ({ ctx, params }) =>
    ok(catalogueDetailOut(await getVerb({ ctx, input: { source: params.source_id, eventType: params.event_type } }))),
});
