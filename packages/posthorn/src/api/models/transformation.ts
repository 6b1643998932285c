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
  description: "Texts that the code finds in `webhook.variables`.",
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
    description: "What is left out stays. Code of null takes all of it away.",
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
      "A message, and a filter, code, variables and format to try in place of the endpoint's own. Code of null: none.",
  },
);

const TriedRequest = Type.Object({
  method: Type.String(),
  url: Type.String(),
  contentType: Type.String(),
  headers: Type.Array(
    Type.Object({
      name: Type.String(),
      value: nullable(Type.String({ description: "Null: it may be a secret." })),
    }),
    { description: "Those of the endpoint and of the code. Id, time and signature are added when it is sent." },
  ),
  body: ref(SentBody),
  bodyBytes: Type.Integer(),
  differs: Type.Boolean({ description: "The body is another one than that of the message." }),
});

export const EndpointTryOut = Type.Object(
  {
    outcome: Type.Union(
      [Type.Literal("deliver"), Type.Literal("unmatched"), Type.Literal("cancel"), Type.Literal("fail")],
      {
        description: "What would come of the message. One that is not wanted is changed all the same, for you to see.",
      },
    ),
    match: ref(FilterExplanationOut),
    logs: Type.Array(Type.String(), { description: "What the code logged, up to 50 lines of 500 characters." }),
    cpuMs: nullable(Type.Number({ description: "Time of the processor it took. Null: no code was run." })),
    request: nullable(TriedRequest),
    error: nullable(
      Type.Object({
        code: Type.Union([Type.Literal("transform_failed"), Type.Literal("format_failed")]),
        message: Type.String(),
        line: nullable(Type.Integer({ description: "Of the code, from 1." })),
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
