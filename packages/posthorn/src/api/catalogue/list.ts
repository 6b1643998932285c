import { listCatalogue as listVerb } from "../../domain/catalogue/list.ts";
import { CatalogueEntryList } from "../models/catalogue.ts";
import { PageQuery } from "../models/common.ts";
import { Type } from "typebox";
import { list } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { pageOf } from "../inputs.ts";
import { catalogueEntryOut } from "./wire.ts";

export const listCatalogue = defineRoute({
  method: "GET",
  path: "/ingest/api/v1/source/:source_id/catalogue",
  operationId: "v1.ingest.catalogue.list",
  tag: "Catalogue",
  summary: "List the event types a source has received",
  description: "Sorted by name. Updated a few seconds after events arrive.",
  access: "organisation",
  permission: "read",
  query: Type.Object(PageQuery),
  responses: { 200: CatalogueEntryList },
  handle: async ({ ctx, params, query }) => {
    const page = await listVerb({ ctx, input: { source: params.source_id, ...pageOf(query) } });
    return list(page, ({ eventType }) => eventType, catalogueEntryOut);
  },
});
