import { Type } from "typebox";
import { DateTime, listOf, Name, nullable } from "./common.ts";

const Description = Type.String({ maxLength: 65_536 });
const Schema = Type.Unsafe<object | boolean>({ type: ["object", "boolean"], additionalProperties: true });
const Schemas = nullable(
  Type.Record(Type.String(), Schema, {
    description:
      'JSON Schemas by version, such as "1". `$schema` can name draft-06, draft-07 (the default), 2019-09 or 2020-12.',
  }),
);
const FeatureFlags = nullable(Type.Array(Name, { minItems: 1, maxItems: 250 }));

const optionalFields = {
  archived: Type.Optional(Type.Boolean()),
  deprecated: Type.Optional(Type.Boolean()),
  schemas: Type.Optional(Schemas),
  groupName: Type.Optional(nullable(Name)),
  featureFlags: Type.Optional(FeatureFlags),
  featureFlag: Type.Optional(nullable(Name)),
};

export const EventTypeIn = Type.Object(
  { name: Name, description: Description, ...optionalFields },
  { $id: "EventTypeIn" },
);

export const EventTypeUpsertIn = Type.Object(
  { description: Description, ...optionalFields },
  { $id: "EventTypeUpsertIn", description: "Omitted fields are reset to their defaults." },
);

export const EventTypePatch = Type.Object(
  { description: Type.Optional(Description), ...optionalFields },
  { $id: "EventTypePatch", description: "Omitted fields are kept; null clears a field." },
);

export const EventTypeOut = Type.Object(
  {
    name: Name,
    description: Type.String(),
    archived: Type.Boolean(),
    deprecated: Type.Boolean(),
    schemas: Schemas,
    groupName: nullable(Type.String()),
    featureFlags: nullable(Type.Array(Type.String())),
    featureFlag: nullable(Type.String({ description: "The first entry of `featureFlags`." })),
    createdAt: DateTime,
    updatedAt: DateTime,
  },
  { $id: "EventTypeOut", description: "A type of event that you publish." },
);

export const EventTypeList = listOf(EventTypeOut);
