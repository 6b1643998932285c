/** Schemas inferred from the traffic of a source. */
import { Type } from "typebox";
import { CHANGE_KINDS } from "../../catalogue/schema-change.ts";
import { DateTime, listOf, literals, nullable, payload, ref } from "./common.ts";

const summary = {
  eventType: payload("name", Type.String()),
  received: Type.Integer({ description: "Number of events received." }),
  firstReceivedAt: DateTime,
  lastReceivedAt: DateTime,
  changedAt: nullable(
    Type.String({ format: "date-time", description: "When the schema last changed. `null` if it never has." }),
  ),
};

export const CatalogueEntryOut = Type.Object(summary, {
  $id: "CatalogueEntryOut",
  description: "An event type that a source has received.",
});

export const CatalogueEntryList = listOf(CatalogueEntryOut);

export const CatalogueChange = Type.Object(
  {
    kind: literals(CHANGE_KINDS),
    path: payload(
      "text",
      Type.String({
        description:
          "Where the change is: property names separated by dots, `[]` for array items, `{}` for entries of a map. Empty for the payload itself.",
      }),
    ),
    before: nullable(Type.String({ description: "Types before the change. `null` if the property is new." })),
    after: nullable(Type.String({ description: "Types since the change. `null` if the property was removed." })),
    breaking: Type.Boolean({ description: "Whether code written for the previous schema can fail." }),
    firstSeenAt: DateTime,
    lastSeenAt: DateTime,
  },
  { $id: "CatalogueChange" },
);

export const CatalogueEntryDetailOut = Type.Object(
  {
    ...summary,
    samples: Type.Integer({ description: "Number of payloads the schema was inferred from." }),
    schema: payload(
      "schema",
      nullable(Type.Record(Type.String(), Type.Unknown(), { description: "JSON Schema, draft 2020-12." })),
    ),
    changes: Type.Array(ref(CatalogueChange), { description: "Schema changes, newest first." }),
  },
  { $id: "CatalogueEntryDetailOut" },
);

export const CatalogueExportOut = Type.Object(
  {
    schemas: payload(
      "schema",
      Type.Record(Type.String(), Type.Unknown(), { description: "JSON Schema (draft 2020-12) by event type." }),
    ),
    typescript: payload(
      "text",
      Type.String({
        description: "Source of a TypeScript module with one type per event type and a map of all event types.",
      }),
    ),
  },
  { $id: "CatalogueExportOut" },
);

export const CATALOGUE_MODELS = [
  CatalogueEntryOut,
  CatalogueEntryList,
  CatalogueChange,
  CatalogueEntryDetailOut,
  CatalogueExportOut,
];
