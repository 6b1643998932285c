import { Type } from "typebox";
import { nullable } from "./common.ts";

export const TraceOut = Type.Object(
  {
    traceId: Type.String({ description: "32 hexadecimal digits." }),
    spanId: Type.String({ description: "16 hexadecimal digits." }),
    url: nullable(Type.String({ description: "Link to your tracing tool, from `POSTHORN_TRACE_URL`." })),
  },
  {
    $id: "TraceOut",
    description: "The trace that a message or attempt belongs to. Shown to the organisation only.",
  },
);
