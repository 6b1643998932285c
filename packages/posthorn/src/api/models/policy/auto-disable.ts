import { Type } from "typebox";
import { nullable } from "../common.ts";

const whole = (minimum: number, maximum: number, description: string) =>
  Type.Optional(nullable(Type.Integer({ minimum, maximum, description })));

export const AutoDisablePolicyModel = Type.Object(
  {
    enabled: Type.Optional(
      nullable(Type.Boolean({ description: "Whether Posthorn disables the endpoint automatically." })),
    ),
    onGone: Type.Optional(
      nullable(Type.Boolean({ description: "Whether a single 410 Gone response disables the endpoint." })),
    ),
    afterSeconds: whole(60, 31_536_000, "Time without a success after which the endpoint is disabled."),
    minFailures: whole(1, 1_000_000, "… and after at least this many failed attempts."),
    failurePercent: whole(
      0,
      100,
      "Share of failed attempts, in percent (10 to 100), at which the endpoint is disabled; 0: no limit.",
    ),
    windowSeconds: whole(60, 604_800, "Time window of the failure rate."),
    windowAttempts: whole(10, 10_000, "Minimum number of attempts in the window."),
  },
  {
    $id: "AutoDisablePolicy",
    description:
      "When Posthorn disables an endpoint: after failing for a long time, or after a 410 Gone response. Its deliveries are then on hold.",
  },
);
