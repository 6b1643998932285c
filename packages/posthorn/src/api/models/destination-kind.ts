/** Destination kinds as the API describes them, derived from their declarations. */
import { type TSchema, Type } from "typebox";
import type { AnyKind, Field } from "../../destinations/kind.ts";
import { DESTINATION_KINDS } from "../../destinations/kinds.ts";
import { nullable } from "./common.ts";

const FieldValue = Type.Union([Type.String(), Type.Number(), Type.Boolean()]);

const DestinationField = Type.Object({
  name: Type.String({ description: "Name in `config`." }),
  type: Type.Union(["text", "url", "integer", "boolean", "choice"].map((type) => Type.Literal(type))),
  label: Type.String(),
  help: Type.String({ description: "What to enter, and where in the other product to find it." }),
  required: Type.Boolean(),
  secret: Type.Boolean({ description: "Stored encrypted and never returned." }),
  isTarget: Type.Boolean({
    description: "Decides where the secrets are sent: when it changes, all secrets must be entered again.",
  }),
  default: nullable(FieldValue),
  example: nullable(Type.String()),
  multiline: Type.Optional(Type.Boolean()),
  maxLength: Type.Optional(Type.Integer()),
  pattern: Type.Optional(Type.String({ description: "Regular expression that the whole value must match." })),
  schemes: Type.Optional(Type.Array(Type.String(), { description: "Schemes of the URL, with the colon." })),
  minimum: Type.Optional(Type.Integer()),
  maximum: Type.Optional(Type.Integer()),
  choices: Type.Optional(Type.Array(Type.String())),
});

export const DestinationKindOut = Type.Object(
  {
    kind: Type.String({ description: "Name for `kind` of an endpoint." }),
    title: Type.String({ description: "Name of the product." }),
    summary: Type.String(),
    group: Type.String({
      description:
        "`http`, `chat`, `paging`, `automation`, `queue`, `stream`, `storage`, `database`, `mail` or `pull`.",
    }),
    family: Type.String({
      description: "`http`: sends HTTP requests. `connection`: keeps a connection. `own`: neither.",
    }),
    fields: Type.Array(DestinationField),
    limits: Type.Object({
      bodyBytes: Type.Integer({ description: "Largest body that the destination accepts, in bytes." }),
      batch: nullable(
        Type.Object({ items: Type.Integer(), bytes: Type.Integer() }, { description: "Null: one message at a time." }),
      ),
    }),
    idempotency: Type.Union(
      ["key", "create-only", "none"].map((value) => Type.Literal(value)),
      {
        description:
          "How the destination treats a message that is sent again: recognises its ID, refuses to create the same object twice, or stores it twice.",
      },
    ),
    ordering: Type.Union(
      ["all", "key", "none"].map((value) => Type.Literal(value)),
      { description: "Whether the destination keeps the order of all messages, of those with one key, or of none." },
    ),
    setup: Type.Array(Type.String(), { description: "Steps in the other product, in order." }),
    available: Type.Boolean({ description: "Whether endpoints of this kind can be created on this server." }),
    problem: nullable(
      Type.Object(
        {
          code: Type.String({ description: "`kind_not_allowed` or `kind_unavailable`." }),
          message: Type.String({ description: "Why it is not available, and what the operator can do." }),
        },
        { description: "Null: it is available." },
      ),
    ),
  },
  { $id: "DestinationKindOut", description: "A kind of destination, with the fields of its configuration." },
);

export const DestinationKindList = Type.Object(
  { data: Type.Array(Type.Unsafe<object>({ $ref: "DestinationKindOut#" })) },
  { $id: "DestinationKindList" },
);

/** Schema of the values of one field. */
function schemaOf(field: Field): TSchema {
  const about = { description: field.secret ? `${field.help} Write-only.` : field.help };
  switch (field.type) {
    case "text":
      return Type.String({ ...about, maxLength: field.maxLength, ...patternOf(field) });
    case "url":
      return Type.String({ ...about, maxLength: 2048 });
    case "integer":
      return Type.Integer({ ...about, minimum: field.minimum, maximum: field.maximum });
    case "boolean":
      return Type.Boolean(about);
    case "choice":
      return Type.Union(
        field.choices.map((choice) => Type.Literal(choice)),
        about,
      );
  }
}

function patternOf({ pattern }: Extract<Field, { readonly type: "text" }>): { readonly pattern?: string } {
  return pattern === undefined ? {} : { pattern: `^(?:${pattern})$` };
}

function configModel(name: string, { title, fields }: AnyKind): TSchema {
  const properties = Object.entries(fields).map(([field, declared]) => {
    const schema = schemaOf(declared);
    return [field, declared.required && declared.default === undefined ? schema : Type.Optional(nullable(schema))];
  });
  return Type.Object(Object.fromEntries(properties) as Record<string, TSchema>, {
    $id: `${name[0]!.toUpperCase()}${name.slice(1)}DestinationConfig`,
    description: `Field \`config\` of endpoints of the kind \`${name}\` (${title}).`,
  });
}

/** One model for the configuration of each kind. They document `config`; the domain validates it. */
export const DESTINATION_MODELS: readonly TSchema[] = [
  DestinationKindOut,
  DestinationKindList,
  ...Object.entries(DESTINATION_KINDS).flatMap(([name, kind]) =>
    Object.keys(kind.fields).length === 0 ? [] : [configModel(name, kind)],
  ),
];
