import { Type } from "typebox";
import { nullable } from "../common.ts";

export const LimitsPolicyModel = Type.Object(
  {
    concurrency: Type.Optional(
      nullable(Type.Integer({ minimum: 1, maximum: 1000, description: "Maximum attempts in flight." })),
    ),
    ratePerSecond: Type.Optional(
      nullable(
        Type.Number({
          minimum: 0,
          maximum: 65_535,
          description:
            "Maximum attempts per second, with decimals; 0: unlimited. The lower of this and `throttleRate` applies.",
        }),
      ),
    ),
    timeoutMs: Type.Optional(
      nullable(
        Type.Integer({
          minimum: 100,
          maximum: 300_000,
          description: "Time limit of an attempt, from the DNS lookup to the last byte of the response.",
        }),
      ),
    ),
    backlog: Type.Optional(
      nullable(
        Type.Union([Type.Literal("oldest"), Type.Literal("newest")], {
          description:
            "Which queued deliveries are sent first, for example after an outage. Has no effect on ordered delivery.",
        }),
      ),
    ),
  },
  {
    $id: "LimitsPolicy",
    description: "Limits of an endpoint. An endpoint never gets more concurrency or rate than its application.",
    additionalProperties: false,
  },
);
