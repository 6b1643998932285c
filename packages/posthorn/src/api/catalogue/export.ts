import { exportCatalogue as exportVerb } from "../../domain/catalogue/list.ts";
import { CatalogueExportOut } from "../models/catalogue.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { catalogueExportOut } from "./wire.ts";

export const exportCatalogue = defineRoute({
  method: "GET",
  path: "/ingest/api/v1/source/:source_id/catalogue-export",
  operationId: "v1.ingest.catalogue.export",
  tag: "Catalogue",
  summary: "Export inferred schemas as JSON Schema and TypeScript",
  description: "Returns the schemas of all event types of the source as one JSON Schema, and as a TypeScript module.",
  access: "organisation",
  permission: "read",
  responses: { 200: CatalogueExportOut },
  handle: async ({ ctx, params }) =>
    ok(catalogueExportOut(await exportVerb({ ctx, input: { source: params.source_id } }))),
});
