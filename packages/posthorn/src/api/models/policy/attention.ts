import { Type } from "typebox";
import { nullable } from "../common.ts";

const whole = (minimum: number, maximum: number, description: string) =>
  Type.Optional(nullable(Type.Integer({ minimum, maximum, description })));

export const AttentionPolicyModel = Type.Object(
  {
    minFailures: whole(
      1,
      1_000_000,
      "Consecutive failed attempts from which the endpoint needs attention. This or `afterSeconds` is enough.",
    ),
    afterSeconds: whole(0, 31_536_000, "Time without a success from which the endpoint needs attention."),
    successPercent: whole(
      0,
      100,
      "Success rate of the last hour, in percent, below which the endpoint is degraded; 0: the rate does not matter.",
    ),
    minAttempts: whole(1, 1_000_000, "Minimum number of attempts in that hour."),
    customerAlerts: Type.Optional(
      nullable(
        Type.Boolean({ description: "Whether the customer may set up alerts about the endpoint in the portal." }),
      ),
    ),
  },
  {
    $id: "AttentionPolicy",
    description:
      "When the endpoint needs attention, and whether its customer may be notified. Set by the organisation only.",
    additionalProperties: false,
  },
);
