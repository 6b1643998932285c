import { Type } from "typebox";
import { nullable } from "../common.ts";

export const LimitsPolicyModel = Type.Object(
  {
    concurrency: Type.Optional(
      nullable(Type.Integer({ minimum: 1, maximum: 1000, description: "Most attempts in flight." })),
    ),
    ratePerSecond: Type.Optional(
      nullable(
        Type.Number({
          minimum: 0,
          maximum: 65_535,
          description:
            "Attempts a second; decimals are allowed, 0: no bound. The lower of it and `throttleRate` holds.",
        }),
      ),
    ),
    timeoutMs: Type.Optional(
      nullable(
        Type.Integer({
          minimum: 100,
          maximum: 300_000,
          description: "An attempt in all, from the name look-up to the last byte of the answer.",
        }),
      ),
    ),
    backlog: Type.Optional(
      nullable(
        Type.Union([Type.Literal("oldest"), Type.Literal("newest")], {
          description:
            "Which of what waits goes out first, such as after an outage. Nothing changes where there is an order.",
        }),
      ),
    ),
  },
  {
    $id: "LimitsPolicy",
    description: "An endpoint is never given more concurrency or rate than its application.",
    additionalProperties: false,
  },
);
