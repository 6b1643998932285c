import { Type } from "typebox";
import { nullable } from "../common.ts";

export const TracingPolicyModel = Type.Object(
  {
    propagate: Type.Optional(
      nullable(
        Type.Boolean({
          description:
            "Whether each attempt carries the headers `traceparent` and `tracestate` (W3C trace context), so that the receiver can join your trace.",
        }),
      ),
    ),
  },
  {
    $id: "TracingPolicy",
    description: "Trace context that endpoints receive. Set by the organisation only.",
    additionalProperties: false,
  },
);
