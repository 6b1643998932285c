/** Building blocks of the API's schemas. They validate, they give handlers their types, and they become the OpenAPI document. */
import { type Static, type TSchema, Type } from "typebox";

/** A schema that also takes `null`. */
export function nullable<T extends TSchema>(schema: T) {
  const { type } = schema as unknown as { type?: string };
  const wider = type === undefined ? { anyOf: [schema, { type: "null" }] } : { ...schema, type: [type, "null"] };
  return Type.Unsafe<Static<T> | null>(wider);
}

/** A reference to a model that is listed in `models/index.ts` under its `$id`. */
export function ref<T extends TSchema>(model: T) {
  const { $id } = model as unknown as { $id: string };
  return Type.Unsafe<Static<T>>({ $ref: `${$id}#` });
}

/** One of several fixed strings. */
export const literals = <const Name extends string>(names: readonly Name[]) =>
  Type.Union(names.map((name) => Type.Literal(name)));

const NAME_PATTERN = "^[a-zA-Z0-9_.-]+$";

export const Name = Type.String({ maxLength: 256, pattern: NAME_PATTERN });
export const Uid = Type.String({ minLength: 1, maxLength: 256, pattern: NAME_PATTERN });
/** A name of the caller's own choice that cannot be taken for an id. */
export function uidWithout(prefix: string) {
  return Type.String({ minLength: 1, maxLength: 256, pattern: `^(?!${prefix})[a-zA-Z0-9_.-]+$` });
}
export const ChannelName = Type.String({ minLength: 1, maxLength: 128, pattern: "^[a-zA-Z0-9_.:+-]+$" });
export const TagName = Type.String({ minLength: 1, maxLength: 128, pattern: "^[a-zA-Z0-9_./\\\\#-]+$" });
export const DateTime = Type.String({ format: "date-time" });
export const Url = Type.String({ minLength: 1, maxLength: 2048 });
export const StringMap = Type.Record(Type.String(), Type.String());
export const Rate = Type.Integer({ minimum: 1, maximum: 65_535 });

export const Secret = nullable(
  Type.String({
    maxLength: 300,
    description:
      "`whsec_` and 24 to 75 bytes in base64, the `whsk_` form of an Ed25519 key, or `text:` and 16 to 256 characters whose bytes are the key.",
  }),
);

export const Metadata = nullable(
  Type.Record(Type.String(), Type.String(), { description: "Free strings of your own, at most 4096 bytes as JSON." }),
);

/** One page of a list. */
export function listOf<T extends TSchema>(model: T) {
  const { $id } = model as unknown as { $id: string };
  return Type.Object(
    {
      data: Type.Array(ref(model)),
      iterator: nullable(
        Type.String({
          description:
            "Pass it as `iterator` for the next page. Null on an empty page alone: the last, or one that was reached backwards.",
        }),
      ),
      prevIterator: Type.Optional(Type.String({ description: "Pass it as `iterator` for the page before." })),
      done: Type.Boolean({
        description:
          "True when nothing is left in the direction of travel. A page can be short, or empty, and not be the last.",
      }),
    },
    { $id: `ListResponse_${$id}_` },
  );
}

export const PageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 250, default: 50, description: "Rows in a page." })),
  iterator: Type.Optional(
    Type.String({ maxLength: 300, description: "From an earlier page: its `iterator`, or `prevIterator` to go back." }),
  ),
} as const;

export const OrderQuery = {
  order: Type.Optional(
    Type.Union([Type.Literal("ascending"), Type.Literal("descending")], { description: "Order by id." }),
  ),
} as const;

export const TimeQuery = {
  before: Type.Optional(Type.String({ format: "date-time", description: "Only what is older than this." })),
  after: Type.Optional(Type.String({ format: "date-time", description: "Only items at or after this time." })),
} as const;

export const MessageFilterQuery = {
  channel: Type.Optional(ChannelName),
  tag: Type.Optional(TagName),
  event_types: Type.Optional(Type.Array(Name, { maxItems: 250, description: "Comma-separated names." })),
} as const;

export const WithContentQuery = {
  with_content: Type.Optional(Type.Boolean({ default: true, description: "False leaves payloads and responses out." })),
} as const;

/** Errors other than broken rules. */
export const HttpError = Type.Object(
  {
    code: Type.String({ description: "Stable code of the error." }),
    detail: Type.String({ description: "What is wrong and what to do about it." }),
  },
  { $id: "HttpError" },
);

/** The request broke one or more rules. */
export const HttpValidationError = Type.Object(
  {
    code: Type.Optional(
      Type.String({ description: "Stable code, where there is a more exact one than `validation`." }),
    ),
    detail: Type.Array(
      Type.Object({
        loc: Type.Array(Type.String(), { description: "Where, from the outside in." }),
        msg: Type.String(),
        type: Type.String(),
      }),
    ),
  },
  { $id: "HTTPValidationError" },
);

export const EmptyResponse = Type.Object({}, { $id: "EmptyResponse" });

export const Payload = Type.Object(
  {},
  { description: "Any JSON object. Its text is stored, signed and sent exactly as you sent it." },
);
