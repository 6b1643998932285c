import { listSourceTypes } from "../../domain/source/kind.ts";
import { IngestSourceTypeList } from "../models/source-event.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { sourceTypeOut } from "./type-wire.ts";

export const listTypes = defineRoute({
  method: "GET",
  path: "/ingest/api/v1/source-type",
  operationId: "v1.ingest.source-type.list",
  tag: "Ingest",
  summary: "List the source types",
  description: "Providers, with their signature scheme, handshakes and response timeout.",
  access: "organisation",
  permission: "read",
  filtersApplications: true,
  responses: { 200: IngestSourceTypeList },
  handle: async () => ok({ data: listSourceTypes().map(sourceTypeOut) }),
});
