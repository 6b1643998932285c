import { Type } from "typebox";
import { Name, nullable, ref } from "./common.ts";

export const EventTypeImportOpenApiIn = Type.Object(
  {
    spec: Type.Optional(nullable(Type.Object({}, { description: "The document as an object." }))),
    specRaw: Type.Optional(
      nullable(Type.String({ description: "The document as JSON or YAML text, instead of `spec`." })),
    ),
    dryRun: Type.Optional(Type.Boolean({ default: false, description: "Report the changes without making them." })),
    replaceAll: Type.Optional(
      Type.Boolean({ default: false, description: "Archive the event types that the document does not define." }),
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
    modified: Type.Array(Type.String(), {
      description: "Names of the event types that were changed, or would be in a dry run.",
    }),
    to_modify: Type.Optional(nullable(Type.Array(ref(EventTypeFromOpenApi), { description: "Only in a dry run." }))),
    archived: Type.Array(Type.String(), { description: "The event types in `modified` that are archived." }),
    unchanged: Type.Array(Type.String()),
  },
  { $id: "EventTypeImportOpenApiOutData" },
);

export const EventTypeImportOpenApiOut = Type.Object({ data: ref(ImportData) }, { $id: "EventTypeImportOpenApiOut" });

export const IMPORT_MODELS = [EventTypeImportOpenApiIn, EventTypeFromOpenApi, ImportData, EventTypeImportOpenApiOut];
