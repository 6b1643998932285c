/** Building blocks of the API's schemas, which validate requests, type handlers and generate the OpenAPI document. */
import { type Static, type TSchema, Type } from "typebox";
import type { PayloadRule } from "../../domain/payload-mask.ts";

/** A schema that also accepts `null`. */
export function nullable<T extends TSchema>(schema: T) {
  const { const: only, ...rest } = schema as unknown as NullableParts;
  const { type } = rest;
  const values = only === undefined ? rest.enum : [only];
  const wider =
    type === undefined
      ? { anyOf: [schema, { type: "null" }] }
      : // A list of values excludes null unless it has it.
        { ...rest, type: [type, "null"], ...(values === undefined ? {} : { enum: [...values, null] }) };
  return Type.Unsafe<Static<T> | null>(wider);
}

interface NullableParts {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
}

/** A reference to a model that is listed in `models/index.ts` under its `$id`. */
export function ref<T extends TSchema>(model: T) {
  const { $id } = model as unknown as { $id: string };
  return Type.Unsafe<Static<T>>({ $ref: `${$id}#` });
}

/**
 * Keyword of schemas of values that contain, or are derived from, payloads. Callers that may not read payloads get these values masked by this
 * rule.
 */
export const PAYLOAD_MARK = "x-posthorn-payload";

/** Keyword of schemas of URLs that contain a token. Callers that may not read secrets get them without their path. */
export const SECRET_MARK = "x-posthorn-secret";

export function secretUrl<T extends TSchema>(schema: T): T {
  return { ...schema, [SECRET_MARK]: true };
}

export function payload<T extends TSchema>(rule: PayloadRule, schema: T): T {
  return { ...schema, [PAYLOAD_MARK]: rule };
}

/** One of several fixed strings. */
export const literals = <const Name extends string>(names: readonly Name[]) =>
  Type.Union(names.map((name) => Type.Literal(name)));

const NAME_PATTERN = "^[a-zA-Z0-9_.-]+$";

export const Name = Type.String({ maxLength: 256, pattern: NAME_PATTERN });
export const Uid = Type.String({ minLength: 1, maxLength: 256, pattern: NAME_PATTERN });
/** A name chosen by the caller, which cannot be confused with an id. */
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
  Type.Record(Type.String(), Type.String(), { description: "Your own key-value pairs, at most 4096 bytes as JSON." }),
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
            "Pass it as `iterator` to get the next page. Null only on an empty page that is the last one or was reached backwards.",
        }),
      ),
      prevIterator: Type.Optional(Type.String({ description: "Pass it as `iterator` to get the previous page." })),
      done: Type.Boolean({
        description:
          "True when there are no more items in this direction. A page can be short or empty and not be the last.",
      }),
    },
    { $id: `ListResponse_${$id}_` },
  );
}

export const PageQuery = {
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 250, default: 50, description: "Maximum number of items on the page." }),
  ),
  iterator: Type.Optional(
    Type.String({
      maxLength: 300,
      description: "The `iterator` of an earlier page, or its `prevIterator` to go back.",
    }),
  ),
} as const;

export const OrderQuery = {
  order: Type.Optional(
    Type.Union([Type.Literal("ascending"), Type.Literal("descending")], { description: "Order by id." }),
  ),
} as const;

export const TimeQuery = {
  before: Type.Optional(Type.String({ format: "date-time", description: "Only items before this time." })),
  after: Type.Optional(Type.String({ format: "date-time", description: "Only items at or after this time." })),
} as const;

export const MessageFilterQuery = {
  channel: Type.Optional(ChannelName),
  tag: Type.Optional(TagName),
  event_types: Type.Optional(Type.Array(Name, { maxItems: 250, description: "Comma-separated names." })),
} as const;

export const WithContentQuery = {
  with_content: Type.Optional(
    Type.Boolean({ default: true, description: "Set to false to omit payloads and responses." }),
  ),
} as const;

/** Errors other than validation errors. */
export const HttpError = Type.Object(
  {
    code: Type.String({ description: "Stable error code." }),
    detail: Type.String({ description: "What went wrong and how to fix it." }),
  },
  { $id: "HttpError" },
);

/** Validation errors. */
export const HttpValidationError = Type.Object(
  {
    code: Type.Optional(
      Type.String({ description: "Stable error code, if there is a more specific one than `validation`." }),
    ),
    detail: Type.Array(
      Type.Object({
        loc: Type.Array(Type.String(), { description: "Path to the invalid value, from the outside in." }),
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
  { description: "Any JSON object. Its text is stored, signed and sent byte for byte as you sent it." },
);
