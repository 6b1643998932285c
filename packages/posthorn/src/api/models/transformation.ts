import { Type } from "typebox";
import { SentBody } from "./attempt-detail.ts";
import { DateTime, nullable, ref } from "./common.ts";
import { Filter, FilterExplanationOut, sampleFields } from "./filter.ts";
import { FormatPolicyModel } from "./policy/format.ts";

const Code = Type.String({
  minLength: 10,
  maxLength: 51_200,
  description:
    "JavaScript with `function handler(webhook) { …; return webhook; }`. See docs/features/transformations.md.",
});

const Variables = Type.Record(Type.String({ maxLength: 256 }), Type.String(), {
  description: "Text values that the code reads from `webhook.variables`.",
});

export const EndpointTransformationOut = Type.Object(
  {
    code: nullable(Type.String()),
    enabled: Type.Boolean(),
    variables: nullable(Variables),
    updatedAt: nullable(DateTime),
  },
  { $id: "EndpointTransformationOut" },
);

export const EndpointTransformationPatch = Type.Object(
  {
    code: Type.Optional(nullable(Code)),
    enabled: Type.Optional(Type.Boolean()),
    variables: Type.Optional(nullable(Variables)),
  },
  {
    $id: "EndpointTransformationPatch",
    description: "Omitted fields are kept. With null as code, the transformation is removed.",
  },
);

export const EndpointTryIn = Type.Object(
  {
    ...sampleFields,
    filter: Type.Optional(nullable(Filter)),
    code: Type.Optional(nullable(Code)),
    variables: Type.Optional(nullable(Variables)),
    format: Type.Optional(nullable(ref(FormatPolicyModel))),
  },
  {
    $id: "EndpointTryIn",
    description:
      "A message, and the filter, code, variables and format to use instead of the endpoint's own. With null as code, no transformation is run.",
  },
);

const TriedRequest = Type.Object({
  method: Type.String(),
  url: Type.String(),
  contentType: Type.String(),
  headers: Type.Array(
    Type.Object({
      name: Type.String(),
      value: nullable(Type.String({ description: "Null: the value may be a secret." })),
    }),
    {
      description:
        "Headers set by the endpoint and the code. Id, timestamp and signature are added when the request is sent.",
    },
  ),
  body: ref(SentBody),
  bodyBytes: Type.Integer(),
  differs: Type.Boolean({ description: "Whether the body differs from the payload of the message." }),
});

export const EndpointTryOut = Type.Object(
  {
    outcome: Type.Union(
      [Type.Literal("deliver"), Type.Literal("unmatched"), Type.Literal("cancel"), Type.Literal("fail")],
      {
        description:
          "The request that the message would become. A message that does not match is transformed as well, so that you can see the result.",
      },
    ),
    match: ref(FilterExplanationOut),
    logs: Type.Array(Type.String(), { description: "Output of the code, up to 50 lines of 500 characters." }),
    cpuMs: nullable(Type.Number({ description: "CPU time of the code. Null: no code was run." })),
    request: nullable(TriedRequest),
    error: nullable(
      Type.Object({
        code: Type.Union([Type.Literal("transform_failed"), Type.Literal("format_failed")]),
        message: Type.String(),
        line: nullable(Type.Integer({ description: "Line of the code, from 1." })),
      }),
    ),
  },
  { $id: "EndpointTryOut" },
);

export const TRANSFORMATION_MODELS = [
  EndpointTransformationOut,
  EndpointTransformationPatch,
  EndpointTryIn,
  EndpointTryOut,
];
