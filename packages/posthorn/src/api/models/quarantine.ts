/** Requests that did not verify. */
import { Type } from "typebox";
import { DateTime, listOf, nullable } from "./common.ts";

const fields = {
  id: Type.String(),
  reason: Type.String({ description: "Code of why it did not verify, such as `signature_mismatch`." }),
  detail: Type.String({ description: "The same in words." }),
  method: Type.String(),
  path: Type.String({ description: "What followed the token." }),
  query: Type.String(),
  address: Type.String({ description: "Where it came from." }),
  contentType: Type.String(),
  bodyBytes: Type.Integer(),
  bodyKept: Type.Boolean({ description: "False when the body was too large to be kept; it cannot be released then." }),
  timestamp: DateTime,
};

export const QuarantinedOut = Type.Object(fields, {
  $id: "QuarantinedOut",
  description: "A request that did not verify. It is never delivered unless somebody releases it.",
});

export const QuarantinedList = listOf(QuarantinedOut);

export const QuarantinedDetailOut = Type.Object(
  {
    ...fields,
    headers: Type.Array(Type.Object({ name: Type.String(), value: Type.String() }), {
      description: "As they came; credentials are `***`.",
    }),
    body: nullable(Type.String({ description: "As text, or in base64." })),
    bodyEncoding: Type.Union([Type.Literal("utf8"), Type.Literal("base64")]),
  },
  { $id: "QuarantinedDetailOut" },
);

export const QuarantineReleaseOut = Type.Object(
  {
    messageId: nullable(
      Type.String({ description: "The message it became; null when the same delivery was there already." }),
    ),
  },
  { $id: "QuarantineReleaseOut" },
);

const Finding = Type.Object({
  code: Type.String(),
  message: Type.String({ description: "What is wrong and what to do. Never holds a secret or a signature." }),
});

export const DiagnosisOut = Type.Object(
  {
    ok: Type.Boolean({ description: "It verifies as the source is now." }),
    error: nullable(Finding),
    findings: Type.Array(Finding, {
      description: "Mistakes that, undone together, make it verify: proof, not guesses.",
    }),
    hints: Type.Array(Finding, { description: "What looks wrong when nothing could be proved." }),
    tried: Type.Integer({ description: "How many combinations were tried." }),
    stopped: nullable(
      Type.Union([Type.Literal("budget"), Type.Literal("aborted")], {
        description: "Why the search ended before everything was tried; null if it did not.",
      }),
    ),
  },
  { $id: "DiagnosisOut", description: "What the doctor found." },
);
