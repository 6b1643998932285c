import { Type } from "typebox";
import { Name, nullable, ref } from "./common.ts";

export const EventTypeImportOpenApiIn = Type.Object(
  {
    spec: Type.Optional(nullable(Type.Object({}, { description: "The document as an object." }))),
    specRaw: Type.Optional(nullable(Type.String({ description: "In place of `spec`: its text, in JSON or YAML." }))),
    dryRun: Type.Optional(Type.Boolean({ default: false, description: "Change nothing, and tell what would change." })),
    replaceAll: Type.Optional(
      Type.Boolean({ default: false, description: "Archive the event types that the document does not have." }),
    ),
  },
  { $id: "EventTypeImportOpenApiIn" },
);

const EventTypeFromOpenApi = Type.Object(
  {
    name: Name,
    description: Type.String(),
    deprecated: Type.Boolean(),
    schemas: nullable(Type.Record(Type.String(), Type.Unknown())),
    groupName: nullable(Type.String()),
    featureFlags: nullable(Type.Array(Type.String())),
  },
  { $id: "EventTypeFromOpenApi" },
);

const ImportData = Type.Object(
  {
    modified: Type.Array(Type.String(), { description: "Names of what was, or in a dry run would be, changed." }),
    to_modify: Type.Optional(nullable(Type.Array(ref(EventTypeFromOpenApi), { description: "In a dry run." }))),
    archived: Type.Array(Type.String(), { description: "Those of `modified` that are archived by it." }),
    unchanged: Type.Array(Type.String()),
  },
  { $id: "EventTypeImportOpenApiOutData" },
);

export const EventTypeImportOpenApiOut = Type.Object({ data: ref(ImportData) }, { $id: "EventTypeImportOpenApiOut" });

export const IMPORT_MODELS = [EventTypeImportOpenApiIn, EventTypeFromOpenApi, ImportData, EventTypeImportOpenApiOut];
