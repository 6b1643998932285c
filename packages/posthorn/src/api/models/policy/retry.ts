import { Type } from "typebox";
import { nullable } from "../common.ts";
import { StatusCodeList } from "./status-codes.ts";

const DAY = 86_400;
const Seconds = Type.Number({ minimum: 0, maximum: 30 * DAY });

const Backoff = Type.Object(
  {
    type: Type.Union([Type.Literal("schedule"), Type.Literal("exponential"), Type.Literal("preset")], {
      description:
        "`schedule`: delays, jitter. `exponential`: first, factor, max, attempts; each delay is by chance between 0 and `first * factor ^ n`. `preset`: preset, jitter.",
    }),
    delays: Type.Optional(
      Type.Array(Seconds, { maxItems: 50, description: "Seconds; the first follows the first attempt." }),
    ),
    jitter: Type.Optional(
      Type.Number({ minimum: 0, maximum: 1, description: "Part of a delay that chance may add; 0.2 if left out." }),
    ),
    first: Type.Optional(Type.Number({ minimum: 0.001, maximum: DAY, description: "Seconds." })),
    factor: Type.Optional(Type.Number({ minimum: 1, maximum: 10, description: "2 if left out." })),
    max: Type.Optional(
      Type.Number({
        minimum: 0.001,
        maximum: 30 * DAY,
        description: "Longest delay in seconds; 12 hours if left out.",
      }),
    ),
    attempts: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, description: "In all, the first included." })),
    preset: Type.Optional(
      Type.Union([Type.Literal("none"), Type.Literal("minutes"), Type.Literal("hour"), Type.Literal("days")], {
        description:
          "`none`: one attempt. `minutes`: 5 within 2 minutes. `hour`: 7 within an hour. `days`: 10 within 3 days.",
      }),
    ),
  },
  { description: "One object for all types, of which each uses its own fields." },
);

export const RetryPolicyModel = Type.Object(
  {
    backoff: Type.Optional(nullable(Backoff)),
    maxAgeSeconds: Type.Optional(
      nullable(
        Type.Integer({
          minimum: 0,
          maximum: 90 * DAY,
          description: "Nothing is tried again when it is this old, counted from its first due time. 0: no bound.",
        }),
      ),
    ),
    stopCodes: Type.Optional(nullable(StatusCodeList("Answers that end the retries at once."))),
    retryCodes: Type.Optional(
      nullable(
        StatusCodeList("The only answers that are tried again; empty: every failure. No answer is always tried again."),
      ),
    ),
  },
  { $id: "RetryPolicy", description: "When a failed delivery is tried again." },
);
