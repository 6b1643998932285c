import { Type } from "typebox";
import { nullable } from "../common.ts";

const whole = (minimum: number, maximum: number, description: string) =>
  Type.Optional(nullable(Type.Integer({ minimum, maximum, description })));

export const AutoDisablePolicyModel = Type.Object(
  {
    enabled: Type.Optional(nullable(Type.Boolean({ description: "Whether Posthorn disables the endpoint at all." }))),
    onGone: Type.Optional(
      nullable(Type.Boolean({ description: "Whether one response with status 410 Gone disables the endpoint." })),
    ),
    afterSeconds: whole(60, 31_536_000, "It failed for so long without a success …"),
    minFailures: whole(1, 1_000_000, "… and with at least so many attempts."),
    failurePercent: whole(0, 100, "Or so much of its attempts failed, 10 to 100; 0: the rate does not matter."),
    windowSeconds: whole(60, 604_800, "The time that the rate is looked at."),
    windowAttempts: whole(10, 10_000, "Attempts there must be in that time."),
  },
  {
    $id: "AutoDisablePolicy",
    description:
      "When Posthorn disables an endpoint: after long failure, or when it answers 410 Gone. Its deliveries are held.",
  },
);
