/** Destination kinds as the API describes them, derived from their declarations. */
import { type TSchema, Type } from "typebox";
import type { AnyKind } from "../../destinations/kind.ts";
import { DESTINATION_KINDS } from "../../destinations/kinds.ts";
import { nullable } from "./common.ts";
import { configModel, configModelId, KindField } from "./kind-fields.ts";

const guarantees = {
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
};

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
    fields: Type.Array(KindField),
    limits: Type.Object({
      bodyBytes: Type.Integer({ description: "Largest body that the destination accepts, in bytes." }),
      batch: nullable(
        Type.Object(
          {
            items: Type.Integer(),
            bytes: Type.Integer(),
            atomic: Type.Boolean({ description: "Whether all messages of a request are accepted, or none of them." }),
          },
          { description: "What one request may contain. Null: one message at a time." },
        ),
      ),
    }),
    ...guarantees,
    conditional: nullable(
      Type.Object(
        { appliesTo: Type.String({ description: "Which configurations, such as `FIFO queues`." }), ...guarantees },
        { description: "Configurations that guarantee more. Null: all of them guarantee the same." },
      ),
    ),
    deduplication: nullable(
      Type.String({ description: "How long, and under which condition, a message that is sent again is recognised." }),
    ),
    setup: Type.Array(Type.String(), { description: "Steps in the other product, in order." }),
    available: Type.Boolean({ description: "Whether endpoints of this kind can be created on this server." }),
    problem: nullable(
      Type.Object(
        {
          code: Type.String({ description: "`kind_not_allowed`, `kind_unavailable` or `kind_subscribed`." }),
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

function destinationConfig(name: string, kind: AnyKind): TSchema {
  return configModel(kind, {
    $id: configModelId(name, "DestinationConfig"),
    description: `Field \`config\` of endpoints of the kind \`${name}\` (${kind.title}).`,
  });
}

/** One model for the configuration of each kind. They document `config`; the domain validates it. */
export const DESTINATION_MODELS: readonly TSchema[] = [
  DestinationKindOut,
  DestinationKindList,
  ...Object.entries(DESTINATION_KINDS).flatMap(([name, kind]) =>
    Object.keys(kind.fields).length === 0 ? [] : [destinationConfig(name, kind)],
  ),
];
