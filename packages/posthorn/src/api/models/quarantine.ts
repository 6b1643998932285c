/** Quarantined requests, which failed verification. */
import { Type } from "typebox";
import { DateTime, listOf, nullable, payload } from "./common.ts";

const fields = {
  id: Type.String(),
  reason: Type.String({ description: "Error code of the verification, such as `signature_mismatch`." }),
  detail: Type.String({ description: "Explanation of the reason." }),
  method: Type.String(),
  path: payload("text", Type.String({ description: "Path after the token." })),
  query: payload("text", Type.String()),
  address: Type.String({ description: "IP address of the sender." }),
  contentType: Type.String(),
  bodyBytes: Type.Integer(),
  bodyKept: Type.Boolean({
    description: "`false` if the body was too large to store. Such a request cannot be released.",
  }),
  timestamp: DateTime,
};

export const QuarantinedOut = Type.Object(fields, {
  $id: "QuarantinedOut",
  description: "Request that failed verification. It is delivered only if you release it.",
});

export const QuarantinedList = listOf(QuarantinedOut);

export const QuarantinedDetailOut = Type.Object(
  {
    ...fields,
    headers: payload(
      "headers",
      Type.Array(Type.Object({ name: Type.String(), value: Type.String() }), {
        description: "As received. Credentials are replaced by `***`.",
      }),
    ),
    body: payload("document", nullable(Type.String({ description: "As text or base64, see `bodyEncoding`." }))),
    bodyEncoding: Type.Union([Type.Literal("utf8"), Type.Literal("base64")]),
  },
  { $id: "QuarantinedDetailOut" },
);

export const QuarantineReleaseOut = Type.Object(
  {
    messageId: nullable(
      Type.String({ description: "ID of the new message. `null` if the same event was stored before." }),
    ),
  },
  { $id: "QuarantineReleaseOut" },
);

const Finding = Type.Object({
  code: Type.String(),
  message: Type.String({ description: "What is wrong and what to do. Never contains a secret or a signature." }),
});

export const DiagnosisOut = Type.Object(
  {
    ok: Type.Boolean({ description: "Whether the request passes verification with the current settings." }),
    error: nullable(Finding),
    findings: Type.Array(Finding, {
      description: "Mistakes that together explain the failure: if they are undone, the request passes verification.",
    }),
    hints: Type.Array(Finding, { description: "Likely causes, if the search found no definite one." }),
    tried: Type.Integer({ description: "Number of combinations tried." }),
    stopped: nullable(
      Type.Union([Type.Literal("budget"), Type.Literal("aborted")], {
        description: "Why the search ended early. `null` if it tried everything.",
      }),
    ),
  },
  { $id: "DiagnosisOut", description: "Result of a diagnosis." },
);
