import { Type } from "typebox";
import { nullable } from "../common.ts";
import { StatusCodeList } from "./status-codes.ts";

const DAY = 86_400;
const Seconds = Type.Number({ minimum: 0, maximum: 30 * DAY });

const Backoff = Type.Object(
  {
    type: Type.Union([Type.Literal("schedule"), Type.Literal("exponential"), Type.Literal("preset")], {
      description:
        "`schedule`: uses delays, jitter. `exponential`: uses first, factor, max, attempts; each delay is random between 0 and `first * factor ^ n`. `preset`: uses preset, jitter.",
    }),
    delays: Type.Optional(
      Type.Array(Seconds, { maxItems: 50, description: "In seconds; the first delay follows the first attempt." }),
    ),
    jitter: Type.Optional(
      Type.Number({ minimum: 0, maximum: 1, description: "Random share added to each delay; 0.2 by default." }),
    ),
    first: Type.Optional(Type.Number({ minimum: 0.001, maximum: DAY, description: "Seconds." })),
    factor: Type.Optional(Type.Number({ minimum: 1, maximum: 10, description: "Growth of the delays; 2 by default." })),
    max: Type.Optional(
      Type.Number({
        minimum: 0.001,
        maximum: 30 * DAY,
        description: "Longest delay in seconds; 12 hours by default.",
      }),
    ),
    attempts: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 100, description: "Total number of attempts, including the first." }),
    ),
    preset: Type.Optional(
      Type.Union([Type.Literal("none"), Type.Literal("minutes"), Type.Literal("hour"), Type.Literal("days")], {
        description:
          "`none`: one attempt. `minutes`: 5 within 2 minutes. `hour`: 7 within an hour. `days`: 10 within 3 days.",
      }),
    ),
  },
  { description: "One object for all types; each type uses its own fields." },
);

export const RetryPolicyModel = Type.Object(
  {
    backoff: Type.Optional(nullable(Backoff)),
    maxAgeSeconds: Type.Optional(
      nullable(
        Type.Integer({
          minimum: 0,
          maximum: 90 * DAY,
          description: "Deliveries older than this, counted from their first due time, are not retried. 0: unlimited.",
        }),
      ),
    ),
    stopCodes: Type.Optional(nullable(StatusCodeList("Response codes that end the retries immediately."))),
    retryCodes: Type.Optional(
      nullable(
        StatusCodeList(
          "The only response codes that are retried; when empty, every failure is. Missing responses are always retried.",
        ),
      ),
    ),
  },
  { $id: "RetryPolicy", description: "When failed deliveries are retried.", additionalProperties: false },
);
